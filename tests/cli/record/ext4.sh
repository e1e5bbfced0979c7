#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A recorded workload: its marks are in the log, the replay is the disk, the check is clean.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
record 0 --fs ext4 --keep-image end.img -- bash -c '
  echo hello from the workload
  echo hi >a && sync a && "$0" mark a-is-safe && mv a b
  [ -b "$POWERCUT_DEVICE" ] && [ "$PWD" = "$POWERCUT_MOUNT" ]' "$POWERCUT"
says out 'hello from the workload'
says err 'powercut: recorded '
expect 0 log verify run.log --device end.img
expect 0 log info run.log --json -
json out 'marks == ["mkfs", "a-is-safe", "end"] and clean_end and log_format == 2'
json out 'devices[0]["size_bytes"] == 32 << 20 and devices[0]["size_recorded"]'
expect 0 check run.log --atomic write --json report.json
says out 'every permitted state is clean'
json report.json 'complete and d["from"] == "mark:mkfs"'
