#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of record: a message, a hint, exit 2.

. "$CLI/lib.sh"

needs_root
show record
show record -o run.log
show record -o run.log --
show record -o run.log surplus -- true
show record -o run.log --frobnicate -- true
show record -- true
show record --on sda -o run.log -- true
show record -o run.log --block-size 513 -- true
show record -o run.log --block-size x -- true
show record -o run.log --size 64Q -- true
show record -o run.log --size 0 -- true
show record -o run.log --size 1000 -- true
show record -o run.log --size 10000 --block-size 4096 -- true
show record -o run.log --mount-options discard -- true
show record -o run.log --fs ext4 --mkfs-options "'" -- true
show record -o run.log --image missing.img --fs ext4 -- true
if [ -e run.log ]; then fail "a refused recording left a log"; fi
