#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two checks compared, from results files and from JSON: a fault that one has and the other
# has not; and what cannot be compared.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
common=(--size 64M --atomic write --jobs 1 --to flush:6)
expect 0 check golden.log "${common[@]}" --results sound.db --json sound.json
expect 1 check golden.log "${common[@]}" --fault ignore-flush:4 --max-runs 300 \
  --results broken.db --json broken.json
expect 0 compare sound.db sound.json
says out '0 new, 0 gone, 0 changed, 0 the same'
expect 1 compare sound.db broken.db --json c.json
says out 'NEW        '
json c.json 'len(new) > 0 and gone == [] and same == [] and not whole'
expect 0 compare broken.json sound.db --json c.json
json c.json 'len(gone) > 0 and new == []'
expect 3 compare broken.json broken.db --json c.json
json c.json 'len(same) > 0 and new == [] and gone == [] and changed == []'
expect 0 check golden.log "${common[@]}" --max-runs 5 --json part.json
expect 3 compare sound.db part.json
says out 'part.json did not decide all'
show compare
show compare sound.db
show compare sound.db nothing.db
show compare golden.log sound.db
show compare sound.json broken.json --json sound.json
