#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# On a disk that is full the conversion fails with one message and leaves no partial log.

. "$CLI/lib.sh"

small_disk small 4M
golden_log golden.log
expect 3 log convert golden.log -o small/new.log --size 64M
says err 'No space left on device'
if [ -n "$(ls -A small)" ]; then fail "left: $(ls -A small)"; fi
