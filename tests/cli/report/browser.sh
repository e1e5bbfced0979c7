#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Pages in a browser: they draw, zoom and tell, a long log too, throw nothing, ask for
# nothing, and do not execute what a log or a checker says.

. "$CLI/lib.sh"

needs chromium python3
if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi

browse() {
  timeout 90 python3 "$CLI/report/browser.py" "$1" "$CLI/report/browser.page.py" "${@:2}" ||
    fail "the page $1"
}

# Two devices, findings, and an explanation by somebody who means no good.
expect 0 model clone --fault -o clone.log
expect 1 check clone.log --checker model:clone --json check.json
python3 - <<'PYTHON'
import json
bad = ("</script><script>document.documentElement.dataset.hacked=1</script>"
       "<img src=x onerror=document.documentElement.dataset.hacked=1>\u2028\u2029-->]]>")
check = json.load(open("check.json"))
for finding in check["findings"]:
    finding["summary"] += bad
    finding["output"] = bad
    finding["reproduce"] += bad
    finding["lost"] = [bad]
    finding["explanation"] = {"text": "held by </script>" + bad, "writes": [
        {"seq": 0, "holds": bad, "covered_by": bad}]}
check["findings"] += [dict(check["findings"][0]) for _ in range(2)]  # of one kind
check["warnings"] = [bad]
json.dump(check, open("bad.json", "w"))
PYTHON
expect 0 report clone.log -o clone.html --check bad.json
browse clone.html findings explanation

# 100,000 entries of all kinds, and marks that mean no good either.
python3 - <<'PYTHON'
import random, struct
random.seed(1)
entries, sector = 100000, 512
bad = (b"</script><script>document.documentElement.dataset.hacked=1</script>"
       b"<img src=x onerror=document.documentElement.dataset.hacked=1>\xe2\x80\xa8\xff")
with open("long.log", "wb") as log:
    log.write(struct.pack("<QQQI", 0x6a736677736872, 1, entries, sector).ljust(sector, b"\0"))
    for number in range(entries):
        kind = number % 100
        flags, place, count, text = 0, random.randrange(1 << 20), 1, b""
        if kind == 99:
            flags, place, count = 1, 0, 0
        elif kind == 98:
            flags = 2
        elif kind == 97:
            flags, count = 4, 8
        elif kind == 50 and number % 10000 == 50:
            flags, place, count, text = 8, 0, 0, bad
        elif kind % 3 == 0:
            flags = 16
        log.write(struct.pack("<QQQQ", place, count, flags, len(text)) .ljust(sector, b"\0")
                  if not text else
                  (struct.pack("<QQQQ", place, count, flags, len(text)) + text).ljust(sector, b"\0"))
        if flags not in (1, 4, 8):
            log.seek(sector * count, 1)
    log.truncate(log.tell() + sector)
PYTHON
expect 0 report long.log --size 1G -o long.html
browse long.html
