#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be explained is said so, with exit code 2, and nothing is written.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
flags=(--size 64M --fault ignore-flush:4 --jobs 1)
show explain
show explain golden.log --size 64M
show explain golden.log --state nonsense "${flags[@]}"
show explain golden.log --state c258.w.none "${flags[@]}"
show explain golden.log --state c258.w.none+118 --qcow2 "${flags[@]}"
mkdir full
echo mine >full/file
show explain golden.log --state c258.w.none+118 --export full "${flags[@]}"
show explain golden.log --state c258.w.none+118 --export full/file/there "${flags[@]}"
if [ "$(ls full)" != file ]; then fail "something was written to full"; fi
