#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Records workloads by the kernel's target, and holds each log against its device; to be run
# in a guest whose disks may be lost:
#
#   workloads_in_guest.sh SMALL BTRFS XFS LOG [NAME...]
#
# SMALL is 64 MiB, BTRFS 110 MiB, XFS 300 MiB (what their mkfs need), LOG 512 MiB. Prints a
# line for each workload; in the end "N equal, N skipped, N wrong". With names: only the
# workloads whose name contains one of them.

set -u

# ---- the workloads, in the directory of the file system or on a raw device ---------------

seed=${SEED:-1}

fio_job() {
  fio --name=job --thread --minimal --randseed="$seed" --fallocate=none --output=/dev/null "$@"
}

random_bytes() { head -c "$1" /dev/urandom; }

job_many_files() {
  local d i
  for d in 1 2 3; do
    mkdir "d$d"
    for ((i = 0; i < 60; i++)); do echo "$d $i ${RANDOM}" >"d$d/f$i"; done
    sync
  done
  rm -r d2
  sync .
}

job_fsync() {
  fio_job --rw=randwrite --size=2M --bs=4k --fsync=8 --io_size=1M
  fio_job --rw=randwrite --size=2M --bsrange=512-20k --bs_unaligned --fdatasync=16 --io_size=1M
}

job_direct() {
  fio_job --ioengine=libaio --iodepth=8 --direct=1 --serialize_overlap=1 --rw=randwrite \
    --bsrange=4k-64k --blockalign=4k --size=4M --io_size=4M --fsync=16
}

job_mmap() {
  fio_job --ioengine=mmap --rw=randwrite --bs=4k --size=2M --io_size=1M --fsync=32
  sync
}

job_append() {
  local i
  random_bytes 40000 >base
  for ((i = 0; i < 12; i++)); do
    cat base >>log
    if [ $((i % 3)) -eq 0 ]; then sync log; fi
    truncate -s "$((i * 3001))" short
    echo "record $i" >>short
    if [ $((i % 4)) -eq 1 ]; then truncate -s 5000 log; fi
  done
  sync
}

job_rename() {
  local i
  mkdir a b
  for ((i = 0; i < 12; i++)); do
    echo "version $i" >a/new
    sync a/new
    mv a/new b/current
    ln b/current "b/link$((i % 3))" 2>/dev/null || mv b/current "b/kept$i"
    if [ $((i % 5)) -eq 4 ]; then
      mv a "c$i" && mkdir a
      rm -f b/link*
    fi
  done
  sync
}

job_trim() {
  local i
  for ((i = 0; i < 12; i++)); do random_bytes 100000 >"f$i"; done
  sync
  rm -f f1*
  sync
  fstrim .
  random_bytes 300000 >again
  sync again
}

job_punch() {
  local i
  fallocate -l 2M big
  random_bytes 1000000 | dd of=big conv=notrunc,fsync status=none
  for ((i = 0; i < 8; i++)); do
    fallocate -p -o "$((i * 100000))" -l 30000 big
    if [ $((i % 3)) -eq 0 ]; then sync big; fi
  done
  fallocate -z -o 1048576 -l 65536 big 2>/dev/null
  sync
}

job_dsync() {
  random_bytes 400000 >data
  dd if=data of=records bs=4k count=60 oflag=dsync status=none
  dd if=data of=records bs=16k count=12 oflag=direct,dsync conv=notrunc status=none
  dd if=data of=records bs=700 count=12 oflag=sync,append conv=notrunc status=none
}

# No FUA write over a plain one that no flush has covered: format 1 cannot say that.
job_raw_direct() {
  fio_job --filename="$POWERCUT_DEVICE" --ioengine=libaio --iodepth=16 --direct=1 \
    --serialize_overlap=1 --rw=randwrite --bsrange=512-128k --blockalign=512 --norandommap \
    --size=8M --io_size=8M --fsync=20
}

job_raw_mixed() {
  local device=$POWERCUT_DEVICE
  dd if=/dev/urandom of="$device" bs=64k count=16 oflag=direct,dsync status=none
  dd if=/dev/urandom of="$device" bs=512 seek=9077 count=40 oflag=direct status=none
  dd if=/dev/urandom of="$device" bs=1M seek=6 count=4 conv=fsync status=none
  blkdiscard -o 1M -l 3M "$device"
  blkdiscard -z -o 7M -l 1M "$device"
  dd if=/dev/urandom of="$device" bs=4k seek=300 count=9 status=none
  fio_job --filename="$device" --ioengine=mmap --rw=randwrite --bs=4k --offset=12M --size=2M
}

if [ "${1-}" = job ]; then
  "job_$2"
  exit
fi

# ---- recording ---------------------------------------------------------------------------

if [ $# -lt 4 ]; then
  echo "usage: workloads_in_guest.sh SMALL BTRFS XFS LOG [NAME...]" >&2
  exit 2
fi
self=$(realpath "$0")
small=$1 btrfs=$2 xfs=$3 log=$4
shift 4
wanted=("$@")
work=$(mktemp -d) || exit 2
mkdir "$work/tmp"
export TMPDIR=$work/tmp
cd "$work" || exit 2
equal=0 skipped=0 failed=0

wrong() {
  echo "WRONG: $*"
  tail -n 5 out
  failed=$((failed + 1))
}

# recorded FS JOB FORMAT [OPTIONS...]
workload() {
  local fs=$1 job=$2 format=$3 name="$1 $2 $3" device=$small began=$SECONDS match word events
  shift 3
  match=$((${#wanted[@]} == 0))
  for word in "${wanted[@]}"; do
    case $name in *"$word"*) match=1 ;; esac
  done
  if [ "$match" -eq 0 ]; then return; fi
  local -a options=()
  case $fs in
    raw) ;;
    ext4-1k) options=(--fs ext4 --mkfs-options '-b 1024') ;;
    btrfs) options=(--fs btrfs) device=$btrfs ;;
    xfs) options=(--fs xfs) device=$xfs ;;
    *) options=(--fs "$fs") ;;
  esac
  if [ "$fs" != raw ] && ! grep -qw "${options[1]}" /proc/filesystems; then
    printf '%-8s %-11s %s  skipped: this kernel has no %s\n' "$fs" "$job" "$format" "$fs"
    skipped=$((skipped + 1))
    return
  fi
  if ! powercut record --on dm --zero --device "$device" --log "$log" --format "$format" \
    "${options[@]}" "$@" -- bash "$self" job "$job" >out 2>&1; then
    wrong "$name was not recorded"
    return
  fi
  # What the page cache knows of the device is from before the recording.
  blockdev --flushbufs "$device"
  if powercut log verify "$log" --device "$device" >out 2>&1 &&
    grep -q 'equal to the end of the log' out; then
    equal=$((equal + 1))
    events=$(sed -n 's/^log .* \([0-9]*\) entries,.*/\1/p' out)
    printf '%-8s %-11s %s  equal, %5s events (%s s)\n' "$fs" "$job" "$format" "$events" \
      $((SECONDS - began))
    if [ "$events" -lt 20 ]; then wrong "$name: only $events events"; fi
  else
    wrong "$name: not equal"
  fi
  last=$device
}

echo "seed $seed"
last=$small
workload raw raw_direct 1
workload raw raw_direct 2
workload raw raw_mixed 1
workload raw raw_mixed 2 --observe
workload ext4 many_files 1
workload ext4 fsync 2
workload ext4 direct 1 --memory 2
workload ext4 mmap 2 --memory 2
workload ext4 punch 1
workload ext4 dsync 2
workload ext4 trim 1 --mount-options discard
workload ext4-1k append 1
workload ext4-1k rename 2
workload ext2 direct 1
workload ext2 append 2
workload vfat rename 1
workload vfat many_files 2
workload btrfs trim 1
workload btrfs fsync 2
workload btrfs rename 2
workload xfs punch 1
workload xfs direct 2 --log-reads
workload xfs dsync 1
workload xfs trim 2

# The proof that a difference shows: eight bytes more than the log knows of.
printf powercut | dd of="$last" bs=8 seek=125001 conv=notrunc,fsync status=none
powercut log verify "$log" --device "$last" >out 2>&1
code=$?
if [ "$code" -ne 1 ]; then wrong "a changed device: exit code $code"; else echo "a changed device: not equal"; fi

cd / && rm -rf "$work"
echo "$equal equal, $skipped skipped, $failed wrong"
[ "$failed" -eq 0 ]
