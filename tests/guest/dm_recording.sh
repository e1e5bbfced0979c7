#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Recordings with device-mapper, to be run in a guest whose disks may be lost:
#
#   dm_recording.sh DISK DISK2 LOG SMALL
#
# DISK and DISK2 are recorded (64 MiB or more), LOG holds the logs (256 MiB), SMALL is a log
# that gets full (12 MiB). With upstream's target only what format 1 can do is tried. Exits
# with 77 where there is no device-mapper or no target; prints "ok NAME" for each part.
# POWERCUT names the program. From the top of the tree:
#
#   powercut guest --log-writes --load fuse --disk a.img:64M --disk b.img:64M \
#     --disk c.img:256M --disk d.img:12M -- \
#     bash tests/guest/dm_recording.sh /dev/vda /dev/vdb /dev/vdc /dev/vdd

set -u

if [ $# -ne 4 ]; then
  echo "usage: dm_recording.sh DISK DISK2 LOG SMALL" >&2
  exit 2
fi
disk=$1 disk2=$2 log=$3 small=$4
POWERCUT=${POWERCUT:-powercut}
export POWERCUT
# In some guests there is no modprobe, and all is loaded.
modprobe -qa dm-mod dm-log-writes fuse 2>/dev/null
version=$("$POWERCUT" doctor | sed -n 's/^ok   log-writes  *\([0-9]*\)\..*/\1/p')
if [ -z "$version" ]; then
  echo "skipped: no device-mapper target log-writes here" >&2
  exit 77
fi
formats=1
if [ "$version" -ge 2 ]; then formats='1 2'; fi
work=$(mktemp -d) || exit 2
mkdir "$work/tmp"
export TMPDIR=$work/tmp
cd "$work" || exit 2
mkfifo never  # a guest has no /dev/fd for <(:)
failed=0

wrong() {
  echo "WRONG: $*" >&2
  tail -n 20 out err >&2
  failed=$((failed + 1))
}

# expect CODE ARGUMENTS: runs powercut into the files out and err.
expect() {
  local wanted=$1 code
  shift
  "$POWERCUT" "$@" >out 2>err
  code=$?
  if [ "$code" -ne "$wanted" ]; then wrong "exit code $code, not $wanted, of: powercut $*"; fi
}

says() { grep -qF -- "$2" "$1" || wrong "$1 does not say: $2"; }

nothing_left() {
  local left
  left=$(find tmp -mindepth 1 -maxdepth 1; find /dev/mapper -name 'powercut-*'
    grep -hs powercut- /sys/block/dm-*/dm/name; grep 'powercut-' /proc/mounts) 2>/dev/null
  if [ -n "$left" ]; then wrong "left behind: $left"; fi
}

# poll COMMAND...: until it succeeds, for some ten seconds.
poll() {
  local end=$((SECONDS + 10))
  until "$@" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then
      wrong "in time it never came true: $*"
      return
    fi
    read -r -t 0.02 <>never
  done
}

# How the kernel marks the end of format 1; format 2 needs no mark for it.
end_marks() { if [ "$1" -eq 1 ]; then echo ', dm-log-writes-end'; fi; }

part_ext4() {
  local format=$1
  expect 0 record --on dm --format "$format" --zero --device "$disk" --log "$log" --fs ext4 \
    -o run.log -- bash -c '
    [ -b "$POWERCUT_DEVICE" ] && [ "$PWD" = "$POWERCUT_MOUNT" ] || exit 9
    echo hi >a && sync a && "$POWERCUT" mark "a is	safe \\ à" && mv a b && sync
    "$POWERCUT" mark --device "$POWERCUT_DEVICE" by-name
    "$POWERCUT" mark --device "${POWERCUT_DEVICE#/dev/mapper/}" by-short-name'
  says err 'powercut: recorded '
  says err 'into run.log'
  nothing_left
  expect 0 log verify run.log --device "$disk"
  says out 'clean end'
  expect 0 log info run.log
  says out "mkfs, a is	safe \\ à, by-name, by-short-name, end$(end_marks "$format")"
  # The log on the device is the same log, and the file no larger than it.
  expect 0 log info "$log"
  grep -v '^log ' out >on-device
  if [ "$(stat -c %s run.log)" -gt $((32 << 20)) ]; then wrong "the copy is too large"; fi
  expect 0 log info run.log
  grep -v '^log ' out >in-file
  cmp on-device in-file || wrong "two logs"
  # A check shows its states through FUSE.
  if [ -c /dev/fuse ]; then
    expect 0 check run.log --atomic 4096 --max-runs 40
  else
    echo "skipped within ext4 $format: the check: no /dev/fuse"
  fi
}

part_without_copy() {
  expect 0 record --on dm --format "$1" --device "$disk" --log "$log" -- bash -c '
    dd if=/dev/urandom of="$POWERCUT_DEVICE" bs=4k count=3 conv=fsync status=none'
  says err "into $log"
  nothing_left
  expect 0 log info "$log"
  says out 'clean'
}

part_workload_fails() {
  expect 3 record --on dm --format "$1" --device "$disk" --log "$log" --fs ext4 -o run.log -- \
    sh -c 'echo hi >a; sync; exit 7'
  says err 'the workload failed: exit code 7'
  nothing_left
  expect 0 log verify run.log
  expect 3 record --on dm --format "$1" --device "$disk" --log "$log" --fs ext4 \
    --mount-options nonsense -o run.log -- true
  says err 'cannot mount'
  nothing_left
  expect 3 record --on dm --format "$1" --device "$disk" --log "$log" --fs ext4 \
    --mkfs-options '-b 1000' -o run.log -- true
  says err 'mkfs.ext4 failed'
  nothing_left
}

part_interrupt() {
  local pid code
  rm -f started
  "$POWERCUT" record --on dm --format "$1" --zero --device "$disk" --log "$log" --fs ext4 \
    -o run.log -- bash -c 'while :; do echo x >>f; sync f; : >'"$work"'/started; done' \
    >out 2>err &
  pid=$!
  poll test -e started
  kill -INT "$pid"
  wait "$pid"
  code=$?
  if [ "$code" -ne 130 ]; then wrong "exit $code after an interrupt"; fi
  says err 'interrupted'
  nothing_left
  expect 0 log verify run.log --device "$disk"
  says out 'clean end'
}

part_killed() {
  local pid
  rm -f started
  "$POWERCUT" record --on dm --format "$1" --device "$disk" --log "$log" --fs ext4 \
    -o run.log -- bash -c 'sleep 1000 & while :; do echo x >>f; sync f; : >'"$work"'/started; done' \
    >out 2>err &
  pid=$!
  poll test -e started
  # What is live is left alone.
  "$POWERCUT" doctor --clean >out 2>err
  says out 'nothing was left behind'
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  expect 0 doctor
  says out 'device-mapper device'
  expect 0 doctor --clean
  says out 'removed'
  nothing_left
  expect 0 doctor --clean
  says out 'nothing was left behind'
  expect 0 log info "$log"
  # The next recording starts over an old log without being forced.
  expect 0 record --on dm --format "$1" --device "$disk" --log "$log" -- true
}

part_full() {
  # Whatever the last part left there is an old log, or nothing.
  expect 3 record --on dm --format "$1" --device "$disk" --log "$small" --fs ext4 \
    -o run.log -- sh -c 'dd if=/dev/urandom of=f bs=64k count=400 conv=fsync status=none'
  grep '^powercut: ' err >messages
  if [ "$(grep -c "the log on $small " messages)" -ne 1 ]; then wrong "no word of the log"; fi
  nothing_left
  expect 0 log info run.log
  expect 0 log info "$small"
}

part_refusals() {
  mkdir -p mounted
  mkfs.ext4 -qF "$disk2"
  mount "$disk2" mounted
  expect 2 record --on dm --format 1 --device "$disk2" --log "$log" -- true
  says err "it is mounted on $work/mounted"
  umount mounted
  expect 2 record --on dm --format 1 --device "$disk" --log "$disk2" -- true
  says err '--force'
  expect 0 record --on dm --format 1 --device "$disk" --log "$disk2" --force -- true
  expect 2 record --on dm --device "$disk" --log "$disk" -- true
  # A mark for nobody.
  expect 2 mark --device powercut-none text
  says err 'there is no device-mapper device powercut-none'
  # While one records, another cannot.
  expect 0 record --on dm --format 1 --device "$disk" --log "$log" -- bash -c '
    "$POWERCUT" record --on dm --format 1 --device '"$disk"' --log '"$disk2"' -- true 2>'"$work"'/inner
    [ $? -eq 2 ]'
  says inner 'uses it'
  if [ "$version" -lt 2 ]; then
    expect 3 record --on dm --device "$disk" --log "$log" -- true
    says err "which is upstream's"
  else
    # The kernel's own reason is told.
    expect 3 record --on dm --memory 1 --device "$disk" --log "$log" -- true
    says err 'memory must be'
  fi
  nothing_left
}

part_two_disks() {
  expect 0 record --on dm --zero --device "$disk=data" --device "$disk2=journal" --log "$log" \
    --fs ext4 -o run.log -- bash -c '
    echo hi >a; sync
    dd if=/dev/urandom of="$POWERCUT_DEVICE1" bs=4k count=2 conv=fsync status=none
    "$POWERCUT" mark both'
  nothing_left
  expect 0 log info run.log
  says out 'device 0'
  says out 'device 1'
  says out 'mkfs, both, end'
}

part_options() {
  expect 0 record --on dm --zero --observe --log-reads --memory 16 --on-full stop --domain 3 \
    --power-fail --device "$disk" --log "$log" --fs ext4 -o run.log -- sh -c 'echo hi >a; sync'
  nothing_left
  expect 0 log verify run.log --device "$disk"
  expect 0 log info run.log
  says out 'domain 3'
  expect 3 record --on dm --on-full stop --device "$disk" --log "$small" --fs ext4 \
    -o run.log -- sh -c 'dd if=/dev/urandom of=f bs=64k count=400 conv=fsync status=none'
  says err 'got full'
  nothing_left
}

run() {
  local before=$failed
  "part_$1" "${2-}"
  if [ "$failed" -eq "$before" ]; then echo "ok $*"; else echo "FAILED $*"; fi
}

for format in $formats; do
  for part in ext4 without_copy workload_fails interrupt killed full; do
    run "$part" "$format"
  done
done
run refusals
if [ "$version" -ge 2 ]; then
  run two_disks
  run options
fi
cd / && rm -rf "$work"
if [ "$failed" -gt 0 ]; then
  echo "$failed wrong" >&2
  exit 1
fi
