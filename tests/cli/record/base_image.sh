#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A recording over an image needs that very image again at the check.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
truncate -s 32M base.img other.img
mkfs.ext4 -qF base.img
mkfs.ext4 -qF other.img
cp base.img original.img
expect 0 record --image base.img --fs ext4 --keep-image end.img -o run.log -- \
  sh -c 'echo hi >a; sync; mkdir d; mv a d; sync'
cmp base.img original.img || fail "the base image was written to"
expect 2 check run.log
says err 'was recorded over an image'
says err 'hint: name the image as it was before the recording: --base FILE'
expect 3 check run.log --atomic write --base other.img
says err 'is not the image that the log was recorded over'
expect 0 check run.log --atomic write --base base.img --from mark:mount --json report.json
says out 'every permitted state is clean'
expect 0 log verify run.log --base base.img --device end.img
expect 0 replay run.log --base base.img --to end -o replayed.img
cmp end.img replayed.img || fail "the replay is not the disk"
# The base is part of what reproduces a finding.
expect 1 check run.log --atomic write --base base.img --fault ignore-flush:all --stop-after 1 --max-runs 2000
line=$(grep -m 1 'reproduce: ' out)
# shellcheck disable=SC2086  # the line is words
expect 1 ${line#*reproduce: powercut }
