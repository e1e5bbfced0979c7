#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two writes, a flush, and a record: the smallest case, event by event.

. "$CLI/lib.sh"

if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi

show model order --fault -o faulty.log
show log list faulty.log
expect 1 check faulty.log --checker model:order
says out 'block b has not its data'
show model order -o sound.log
show log list sound.log
expect 0 check sound.log --checker model:order
