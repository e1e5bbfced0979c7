#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A device without a volatile cache, or with an ordered one, permits fewer states.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
for model in volatile-cache ordered write-through; do
  expect 0 check golden.log --size 64M --atomic write --model $model --json $model.json
  says out 'every permitted state is clean'
  json $model.json "complete and model == '$model' and findings == []"
done
python3 - <<'PYTHON' || fail "the counts of the models are off"
import json
states = [int(json.load(open(m + ".json"))["states_permitted"])
          for m in ("volatile-cache", "ordered", "write-through")]
assert states[0] > max(states[1:]) and min(states) >= 37, states
PYTHON
