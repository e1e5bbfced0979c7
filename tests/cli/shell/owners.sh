#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What file systems other than ext4 wrote is named by their own programs: the bytes of a
# file are that file's, for the shell and for an audit, after the unmount. Without the
# program it is said which one is missing.

. "$CLI/lib.sh"

needs_root
needs mkfs.xfs xfs_db mkfs.btrfs btrfs python3 unshare mount

# owned FS SIZE PLACE NAME: on a recording of FS, the file's bytes are named, and PLACE is
# called NAME.
owned() {
  # shellcheck disable=SC2016  # the workload's variables
  expect 0 record --on loop --fs "$1" --size "$2" -o run.log -- bash -c '
    "$0" mark before
    mkdir d && for i in {1..4000}; do printf "owner %05d....." $i; done >d/file
    sync' "$POWERCUT"
  expect 0 replay run.log --to end -o disk.img
  at=$(python3 -c '
import mmap
disk = open("disk.img", "rb")
print(mmap.mmap(disk.fileno(), 0, access=mmap.ACCESS_READ).find(b"owner 00257"))')
  : >none.txt
  expect 1 audit changes run.log --from mark:before --to end --changed none.txt \
    --json report.json
  json report.json 'any(o["owner"] == "file /d/file" for o in owners)'
  expect 0 shell run.log --eval "goto end; owner @$at; owner @$((at + 2560)); owner @$3"
  says out "file /d/file, byte 4096 (device 0"
  says out "file /d/file, byte 6656 (device 0"
  says out "$4 (device 0"
}

owned btrfs 256M 64K 'superblock 0'
owned xfs 320M 0 superblock
unshare --mount bash -c 'mount --bind /dev/null "$0" && exec "$@"' \
  "$(type -P xfs_db)" "$POWERCUT" shell run.log --eval "goto end; owner @$at" >out 2>err
says out 'not known: xfs_db is missing (package xfsprogs)'
