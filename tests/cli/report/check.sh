#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a check said gets into the page with its own sentence; what is not of this log, or
# no report, is refused and nothing is written.

. "$CLI/lib.sh"

if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi
needs python3
expect 0 model order --fault -o faulty.log
expect 0 model order -o sound.log
expect 1 check faulty.log --checker model:order --json faulty.json
expect 0 check sound.log --checker model:order --json sound.json
expect 0 check sound.log --checker model:order --max-runs 1 --json part.json
expect 0 check sound.log --checker model:order --mutate-flushes --json flushes.json

# data PAGE: the data of a page, as JSON.
data() {
  sed -n 's/^<script type="application\/json" id="data">\(.*\)<\/script>$/\1/p' "$1" >data.json
}

expect 0 report faulty.log -o faulty.html --check faulty.json
data faulty.html
json data.json 'checks[0]["outcome"] == "findings"'
json data.json 'all(f["seq"] == f["cut"] - 1 for f in checks[0]["findings"])'
expect 0 report sound.log -o sound.html --check sound.json --check flushes.json
data sound.html
json data.json 'checks[0]["verdict"] == "every permitted state is clean"'
json data.json 'checks[1]["kind"] == "mutations"'
json data.json 'checks[1]["mutations"][0]["flush"] == 1'
expect 0 report sound.log -o part.html --check part.json
data part.html
json data.json '"NOT complete" in checks[0]["verdict"] or "NOTHING" in checks[0]["verdict"]'
silent_on data.json 'every permitted state is clean'
expect 0 report sound.log -o -
cmp <(sed 's/.*id="data".*//' out) <(sed 's/.*id="data".*//' sound.html) ||
  fail "stdout gets another page"

echo '{' >half.json
echo '{"scenarios": []}' >run.json
python3 - <<'PYTHON'
import json
report = json.load(open("sound.json"))
report["states_decided"] = "x"
json.dump(report, open("odd.json", "w"))
PYTHON
for file in faulty half run odd missing; do
  "$POWERCUT" report sound.log -o refused.html --check $file.json >out 2>err
  echo "$file $?"
  sed -E 's/[0-9a-f]{16}/DIGEST/g' err
done
show report sound.log -o refused.html --check sound.json --check part.json
if [ -e refused.html ] || [ -e refused.html.partial ]; then fail "a page was written"; fi
