#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same seed gives the same report; one job and two find the same.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
check() {
  expect "$1" check golden.log --size 64M --atomic write --json "$2" "${@:3}"
}
normal() {
  python3 - "$1" "${@:2}" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    report.pop(name, None)
for finding in report["findings"]:
    for name in sys.argv[2:]:
        finding.pop(name, None)
print(json.dumps(report, indent=1, sort_keys=True))
PYTHON
}
needs python3
check 0 one.json --seed 7 --jobs 1 --audit 0.3
check 0 two.json --seed 7 --jobs 1 --audit 0.3
diff <(normal one.json seconds) <(normal two.json seconds) >&2 || fail "the same seed, two reports"
check 0 one.json --jobs 1
check 0 two.json --jobs 2
json two.json 'jobs == 2'
diff <(normal one.json seconds jobs runs memo_hits) <(normal two.json seconds jobs runs memo_hits) >&2 ||
  fail "one job and two: different reports"
check 1 one.json --jobs 1 --fault ignore-flush:4 --to mark:f1
check 1 two.json --jobs 2 --fault ignore-flush:4 --to mark:f1
counts() {
  python3 - "$1" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
print(report["classes"], report["states_decided"], report["complete"])
for finding in sorted((f["window"], f["summary"], f["states"]) for f in report["findings"]):
    print(finding)
PYTHON
}
diff <(counts one.json) <(counts two.json) >&2 || fail "one job and two: different findings"
