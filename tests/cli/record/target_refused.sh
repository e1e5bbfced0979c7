#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log or an image that cannot be made: exit 3, before anything is run.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
expect 3 record --fs ext4 -o no/such/run.log -- touch "$PWD/ran"
says err 'no/such/run.log'
expect 3 record --fs ext4 -o . -- touch "$PWD/ran"
expect 3 record --fs ext4 -o run.log --keep-image no/such/end.img -- touch "$PWD/ran"
if [ -e ran ]; then fail "the workload ran"; fi
no_leftovers
