# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the cases of `audit changes` share: the golden log, and lists made from what
# `log list` says of it.

. "$CLI/lib.sh"

needs python3
golden_log golden.log
"$POWERCUT" log list golden.log --json >entries.json || fail "log list"

# list FORMAT FROM TO BLOCK [WITHOUT]: the list that a tracker with blocks of that many
# bytes makes of the entries FROM to TO, in the format; WITHOUT leaves out an operation.
list() {
  python3 - "$@" <<'PYTHON'
import json, sys
kind, first, last, block = sys.argv[1], *map(int, sys.argv[2:5])
without = sys.argv[5:]
size = 64 << 20
blocks = set()
for line in open("entries.json"):
    event = json.loads(line)
    length = event.get("length_bytes", 0)
    if first <= event["seq"] <= last and length and event["op"] not in without:
        begin = event["offset_bytes"]
        blocks.update(range(begin // block, (begin + length + block - 1) // block))
runs = []
for number in sorted(blocks):
    if runs and runs[-1][1] == number:
        runs[-1][1] = number + 1
    else:
        runs.append([number, number + 1])
if kind == "ranges":
    print("# made from a log")
    for begin, end in runs:
        print(begin * block, (end - begin) * block)
elif kind == "era":
    print("<blocks>")
    for begin, end in runs:
        if end - begin == 1:
            print(f'  <block block="{begin}"/>')
        else:
            print(f'  <range begin="{begin}" end = "{end}"/>')
    print("</blocks>")
elif kind == "thin-delta":
    print(f'<superblock uuid="" time="1" transaction="2" data_block_size="{block // 512}" '
          f'nr_data_blocks="{size // block}">\n  <diff left="1" right="2">')
    at = 0
    for begin, end in runs:
        if begin > at:
            print(f'    <same begin="{at}" length="{begin - at}"/>')
        print(f'    <different begin="{begin}" length="{end - begin}"/>')
        at = end
    print("  </diff>\n</superblock>")
else:
    extents, at = [], 0
    for begin, end in runs + [[size // block, size // block]]:
        for start, stop, clean in ((at, begin, True), (begin, end, False)):
            if stop > start:
                extents.append({"start": start * block, "length": (stop - start) * block,
                                "depth": 0, "zero": False, "data": clean})
        at = end
    print("[" + ",\n".join(map(json.dumps, extents)) + "]")
PYTHON
}
