#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The JSON has an entry a run, with the fields that docs/report.md names, and no other.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck python3
printf '%s\n' 'needs no-such-program-of-all' 'fs ext4' 'workload {' '  creat foo' '}' \
  >skipped.scenario
printf '%s\n' 'fs ext4' 'workload {' '  creat foo' '  falloc foo keep 0 1G' '}' \
  >failed.scenario
expect 3 run pairs/ext4-writeback-stale-broken pairs/ext4-writeback-stale-sound \
  skipped.scenario failed.scenario --keep kept --keep-all --json run.json
told out

# fields HEADING: the names in the first column of the table below that line.
fields() {
  awk -v heading="$1" 'index($0, heading) == 1 { at = 1 }
    at && /^\|/ { in_table = 1; print }
    at && in_table && !/^\|/ { exit }' "$CLI/../../docs/report.md" |
    cut -d '|' -f 2 | grep -o '`[^`]*`' | tr -d '`' | sort
}
keys() {
  python3 -c 'import json, sys
fields = json.load(open("run.json"))
print("\n".join(sorted({key for entry in eval(sys.argv[1]) for key in entry})))' "$1"
}
same_fields() {
  fields "$1" >told
  keys "$2" >given
  [ "$(wc -l <told)" -gt 3 ] || fail "no table below: $1"
  diff told given >&2 || fail "docs/report.md tells others (<) than there are (>): $1"
}
same_fields '## `run' '[fields]'
same_fields 'An entry of `scenarios`' 'fields["scenarios"]'
same_fields 'A finding of a scenario' '[f for s in fields["scenarios"] for f in s["findings"]]'

json run.json '([s["name"] for s in scenarios] ==
  ["ext4-writeback-stale-broken", "ext4-writeback-stale-sound", "skipped", "failed"])'
json run.json '([s["result"] for s in scenarios] ==
  ["as-expected", "as-expected", "skipped", "workload-failed"])'
json run.json '((as_expected, findings_expected, unexpected, failed, inconclusive, skipped) ==
  (2, 1, 0, 1, 0, 1))'
json run.json '[s["proved"] for s in d["scenarios"][:3]] == [False, True, False]'
json run.json 'not any(s["inferred"] for s in scenarios)'
json run.json '(all(s["kernel"].startswith("'"$(uname -r)"'") or "'"$(uname -r)"'" in s["kernel"]
  for s in scenarios if s["result"] != "skipped"))'
json run.json 'int(states_permitted) == sum(int(s["states_permitted"]) for s in scenarios)'
json run.json 'int(states_decided) == sum(int(s["states_decided"]) for s in scenarios)'
json run.json 'runs == sum(s["runs"] for s in scenarios) and not interrupted'
json run.json 'all(f["complaints"] and int(f["states"]) > 0 for s in scenarios for f in s["findings"])'
json run.json '(all(s["check"].startswith("powercut check " + s["log"]) for s in scenarios
  if s["result"] != "skipped"))'

# To stdout, and nothing else there.
expect 0 run pairs/ext4-writeback-stale-sound --json -
json out 'as_expected == 1 and len(scenarios) == 1'
show run pairs/ext4-writeback-stale-sound --json no/such/directory
