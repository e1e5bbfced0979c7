#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A command that is not there: exit 3, it is named, nothing is left.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
record 3 --fs ext4 -- no-such-command --flag
says err 'no-such-command'
no_leftovers
: >plain
record 3 --fs ext4 -- "$PWD/plain"
says err 'plain'
no_leftovers
