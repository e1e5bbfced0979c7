#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A disk that is still blank cannot be judged: refused, with a hint where to begin.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
show check golden.log --size 64M --atomic write --from start
show check golden.log --size 64M --atomic write --from mark:f3 --to mark:f1
show check golden.log --size 64M --atomic write --from flush:99
