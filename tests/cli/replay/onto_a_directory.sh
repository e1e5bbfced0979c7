#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A target that is a directory is refused in the words of the other refusals.

. "$CLI/lib.sh"

golden_log golden.log
mkdir directory
expect 3 replay golden.log --size 64M -o directory
silent_on err 'filesystem error'
says err 'directory: Is a directory'
