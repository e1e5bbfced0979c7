#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An object a line; as many as the text has lines; the fields of each kind.

. "$CLI/lib.sh"

golden_log golden.log
expect 0 log list golden.log --json
cp out all.json
python3 - all.json <<'PYTHON' || fail "the list is not what it should be"
import collections, json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
print(len(events), "events")
print(sorted(collections.Counter((e["type"], e.get("op")) for e in events).items(), key=str))
assert [e["seq"] for e in events] == list(range(420))
writes = [e for e in events if e.get("op") == "write"]
print(len(writes), "writes of", sum(e["length_bytes"] for e in writes), "bytes,",
      sum(e["fua"] for e in writes), "FUA")
print([e["text"] for e in events if e["type"] == "mark"])
PYTHON
expect 0 log list golden.log --json --from 410 --count 3
diff <(sed -n 411,413p all.json) out || fail "--from and --count"
expect 0 log list golden.log --from 420
if [ -s out ]; then fail "there is no entry 420"; fi
