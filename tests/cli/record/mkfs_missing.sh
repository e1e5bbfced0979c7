#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A mkfs program that is not there, or fails: exit 3, and its own words are given.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
record 3 --fs nosuchfs -- true
says err 'mkfs.nosuchfs'
record 3 --fs ext4 --mkfs-options '-b 1000' -- true
says err 'mkfs.ext4 failed'
record 3 --fs ext4 --mount-options nosuchoption -- true
says err 'mount'
no_leftovers
