#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One state can have findings of several probes: a finding that is asked for by its number
# is explained by its own.

. "$CLI/lib.sh"

if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi
needs python3

expect 0 model clone --fault -o clone.log
expect 1 check clone.log --checker model:clone --results r.db --json c.json
# shellcheck disable=SC2016  # Python
json c.json 'findings[0]["id"] == findings[3]["id"] and findings[0]["probe"] != findings[3]["probe"]'
for number in 1 2 4; do
  expect 0 explain --results r.db --finding "$number" --json e.json
  probe=$(python3 -c 'import json, sys
print(json.load(open("c.json"))["findings"][int(sys.argv[1]) - 1]["probe"])' "$number")
  json e.json "probe == '$probe'"
done
# What is typed comes first, and a probe that there is not is refused.
expect 0 explain --results r.db --finding 4 --probe "region 1 block 2" --json e.json
json e.json 'probe == "region 1 block 2"'
show explain --results r.db --finding 1 --probe nonsense
