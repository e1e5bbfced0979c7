#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each scenario is run as often as asked, several at a time, told in order, with one result.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
expect 0 run pairs/ext4-data-ordered-flushes-broken pairs/ext4-data-ordered-flushes-sound \
  pairs/ext4-writeback-stale-broken pairs/ext4-writeback-stale-sound --repeat 3 --jobs 2 \
  --json run.json
told out
json run.json 'len(scenarios) == 12 and as_expected == 12 and findings_expected == 6'
json run.json 'all(s["name"] == d["scenarios"][i % 4]["name"] for i, s in enumerate(scenarios))'
json run.json 'all(s["result"] == "as-expected" for s in scenarios)'
# How much is in flight when differs from time to time; what is proved does not.
json run.json 'all(s["proved"] == s["name"].endswith("-sound") for s in scenarios)'
json run.json '(all(s["acknowledgements"] == d["scenarios"][i % 4]["acknowledgements"] and
  s["operations"] == d["scenarios"][i % 4]["operations"] for i, s in enumerate(scenarios)))'

# The same log is judged the same by as many as there are.
expect 0 run pairs/ext4-writeback-stale-broken --keep kept --keep-all
log=kept/ext4-writeback-stale-broken
for jobs in 1 3; do
  expect 1 check $log.log --base $log.base --scenario $log.scenario --jobs $jobs --json $jobs.json
done
python3 - >&2 <<'PYTHON' || fail "what is found depends on the number of jobs"
import json, sys
one, three = ([(f["id"], f["states"], f["summary"]) for f in json.load(open(name))["findings"]]
              for name in ("1.json", "3.json"))
print(one, three, sep="\n")
sys.exit(one != three or not one)
PYTHON
