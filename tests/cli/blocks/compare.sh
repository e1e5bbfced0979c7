#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Blocks that are known again, on two plain files: what differs is told with both versions,
# and what is asked wrongly is refused before anything is written.

# shellcheck source=tests/cli/lib.sh
. "$CLI/lib.sh"

truncate -s 64K left right
show blocks fill --as source left
show blocks fill --as source right
show blocks compare --with right left
show blocks write --no-marks --blocks 2-3 --generation 2 left
show blocks write --no-marks --blocks 3 --generation 1 right
show blocks compare --dirty 2 --with right left
show blocks compare --legs one,two --dirty none --blocks 3 --with right left
show blocks verify --initial source --blocks 1-3 left
show blocks verify --initial source --only-initial --blocks 2 left
cp left before
show blocks write --no-marks --generation 0 left
show blocks write --no-marks --generation 65536 left
show blocks write --no-marks --block-size 4294967808 --blocks 0 left
show blocks fill --as poison,source left
show blocks compare left
show blocks compare --with right --legs one left
show blocks verify --legs one,two left
show blocks fill --with right left
show blocks write --mapped left
show blocks write --dirty 1 left
show blocks scribble --blocks 16 left
show blocks mend left
show blocks write --blocks 1 left
cmp left before || fail "a call that was refused wrote something"
