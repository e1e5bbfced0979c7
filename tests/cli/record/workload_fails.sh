#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A workload that fails: exit 3, and the log holds all it did.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
record 3 --fs ext4 --keep-image end.img -- sh -c 'echo hi >a; sync; exit 7'
says err 'the workload failed: exit code 7'
expect 0 log verify run.log --device end.img
rm run.log
record 3 --fs ext4 -- sh -c 'echo hi >a; sync; kill -KILL $$'
says err 'the workload failed: signal 9'
expect 0 log verify run.log
