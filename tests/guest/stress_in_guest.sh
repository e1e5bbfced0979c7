#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Torments the log-writes target for some time; to be run in a guest whose disks may be lost:
#
#   stress_in_guest.sh DISK LOG SECONDS [SEED]
#
# DISK is 64 MiB, LOG 256 MiB; dm-flakey must be loaded. In each round a target is made over
# a small disk, fio works on it, and meanwhile its table is loaded anew, it is suspended, is
# sent marks and syncs; another target on the same log comes and goes; disk and log are
# taken away or fail. Then it is removed, and where the log did not end early it must be
# equal to the disk. In the end the kernel must have back all that it lent.

set -u

disk=$1 log=$2 duration=$3 seed=${4:-1}
RANDOM=$seed
export DM_DISABLE_UDEV=1
work=$(mktemp -d) || exit 2
cd "$work" || exit 2
mkfifo never  # for pauses
failed=0 rounds=0 equal=0 early=0 operations=0 lives=0
data_sectors=32768  # 16 MiB

wrong() {
  echo "WRONG in round $rounds ($options): $*"
  failed=$((failed + 1))
}

pause() { read -r -t "$1" <>never; }
one_of() { choice=${*:$((RANDOM % $# + 1)):1}; }
chance() { [ $((RANDOM % $1)) -eq 0 ]; }

remove() {
  local try
  for try in {1..50}; do
    [ -e "/dev/mapper/$1" ] || return 0
    dmsetup remove "$1" 2>remove.err && return 0
    pause 0.1
  done
  wrong "$1 cannot be removed after $try tries: $(<remove.err)"
  return 1
}

# table NAME LINE [OPTIONS]: exchanges the table under whoever uses the device.
table() {
  local name=$1 line=$2
  shift 2
  if ! { dmsetup suspend "$@" "$name" && dmsetup load "$name" --table "$line" &&
    dmsetup resume "$name"; }; then
    wrong "the table of $name could not be exchanged"
  fi
}

line() { echo "0 $data_sectors log-writes /dev/mapper/d /dev/mapper/l $(wc -w <<<"$options") $options"; }
state() { dmsetup status t | sed 's/.* state \([a-z]*\) .*/\1/'; }

load() {
  local mode=1
  case $options in *observe*) mode=0 ;; esac
  # Requests in flight at a time never overlap. What is buffered may change in flight.
  local -a buffered=()
  if [ "$mode" -eq 1 ]; then
    buffered=(--name=buffered --offset=8M --size=6M --rw=randwrite --bsrange=512-64k
      --ioengine=psync --direct=0 --fsync=20)
  fi
  exec fio --output=fio.out --filename=/dev/mapper/t --time_based --runtime="$1" --thread \
    --randseed=$((seed + rounds)) --continue_on_error=all --norandommap \
    --name=mixed --size=8M --rw=randrw --rwmixread=20 --bsrange=512-256k --blockalign=512 \
    --direct=1 --ioengine=libaio --iodepth=32 --serialize_overlap=1 --fdatasync=30 \
    --name=trim --offset=14M --size=2M --rw=randtrimwrite --bs=32k --direct=1 --ioengine=psync \
    "${buffered[@]}" >fio.err 2>&1
}

disturb() {
  local what choice
  operations=$((operations + 1))
  one_of reload reload flush_reload status table mark mark sync sync other other away fail
  what=$choice
  case $what in
    reload) table t "$(line)" --noflush --nolockfs ;;
    flush_reload) table t "$(line)" ;;
    status) dmsetup status t | grep -q ' state [a-z]* power on' || wrong "status $(dmsetup status t)" ;;
    table) dmsetup table t | grep -q "log-writes [0-9:]* [0-9:]*" || wrong "table $(dmsetup table t)" ;;
    # These may fail once the log has ended.
    mark) dmsetup message t 0 mark "m$operations" 2>/dev/null || [ "$(state)" != logging ] ||
      wrong "no mark" ;;
    sync) dmsetup message t 0 sync 2>/dev/null || [ "$(state)" != logging ] || wrong "no sync" ;;
    other)
      case $options in
        *'format 1'*) return ;;
      esac
      # The log holds 31 devices.
      if [ -e /dev/mapper/u ]; then
        remove u
      elif [ "$others" -lt 25 ]; then
        others=$((others + 1))
        lives=$((lives + 1))
        dmsetup create u --table "0 2048 log-writes /dev/mapper/e /dev/mapper/l \
          $(wc -w <<<"$options") $options" || wrong "no second target"
        dd if=/dev/urandom of=/dev/mapper/u bs=64k count=4 oflag=direct 2>/dev/null
      fi
      ;;
    away)
      one_of d l
      dmsetup suspend --nolockfs "$choice"
      pause 0.$((RANDOM % 5))
      dmsetup resume "$choice"
      ;;
    fail)
      one_of error 'flakey error_writes'
      case $choice in
        error) table d "0 $data_sectors error" --nolockfs ;;
        *) table d "0 $data_sectors flakey $disk 0 0 60 1 error_writes" --nolockfs ;;
      esac
      pause 0.1
      table d "0 $data_sectors linear $disk 0" --nolockfs
      ;;
  esac
}

# verified STATE: the log is whole and equal to the disk. A full log of format 1 has no mark
# of the end: of it only the second is asked.
verified() {
  if powercut log verify /dev/mapper/l --device /dev/mapper/d >verify.out 2>&1; then return 0; fi
  case "$1 $options" in
    'full format 1'*) grep -q '^device .* equal to the end of the log' verify.out ;;
    *) false ;;
  esac
}

round() {
  local log_sectors=$1 seconds=$2 log_fails=$3 now end fio choice
  rounds=$((rounds + 1)) others=0
  blkdiscard -z -l $((data_sectors * 512)) "$disk"
  dmsetup create d --table "0 $data_sectors linear $disk 0"
  dmsetup create e --table "0 2048 linear $disk $data_sectors"
  dmsetup create l --table "0 $log_sectors linear $log 0"
  dmsetup create t --table "$(line)" || wrong "no target"
  lives=$((lives + 1))
  load "$seconds" &
  fio=$!
  end=$((SECONDS + seconds))
  while [ "$SECONDS" -lt "$end" ]; do disturb; done
  if [ "$log_fails" = yes ]; then
    table l "0 $log_sectors error" --nolockfs
    pause 0.2
    dmsetup message t 0 sync 2>/dev/null
    dmsetup status t >/dev/null
  fi
  if chance 2; then kill "$fio" 2>/dev/null; fi
  wait "$fio"
  # What is still in the page cache; it may fail.
  blockdev --flushbufs /dev/mapper/t
  now=$(state)
  remove u
  remove t
  if [ "$log_fails" = yes ] || [ "$now" = stopped ]; then
    early=$((early + 1))
  elif verified "$now"; then
    equal=$((equal + 1))
    if [ "$now" = full ]; then early=$((early + 1)); fi
  else
    wrong "the log, $now, is not equal: $(<verify.out)"
  fi
  echo "round $rounds: $options, log of $((log_sectors / 2048)) MiB, $now"
  remove d
  remove e
  remove l
}

# Targets that come and go without a load: what is lost with each of them adds up.
empty_lives() {
  local i
  dmsetup create d --table "0 $data_sectors linear $disk 0"
  dmsetup create l --table "0 65536 linear $log 0"
  for ((i = 0; i < $1; i++)); do
    if chance 2; then options='format 2 memory 4'; else options='format 1 power_fail'; fi
    if ! { dmsetup create t --table "$(line)" && dmsetup message t 0 mark here; }; then
      wrong "no target"
    fi
    remove t
    lives=$((lives + 1))
  done
  remove d
  remove l
}

# ---- what the kernel has lent -------------------------------------------------------------

# Objects in use of the caches that device-mapper and the target take from. All objects of
# a slab that a processor has taken for itself count as used until the cache is shrunk, and
# it may take one again while we look: of several looks at a cache the least is right.
census() {
  local cache fd
  local -a shrinks=()
  sync
  echo 3 >/proc/sys/vm/drop_caches
  pause 1
  # Opened before, for to open a file takes memory too.
  for cache in /sys/kernel/slab/{kmalloc,bio,dm}*/shrink; do
    if [ -e "$cache" ]; then exec {fd}>"$cache" && shrinks+=("$fd"); fi
  done
  for _ in {1..8}; do
    for fd in "${shrinks[@]}"; do echo 1 >&"$fd"; done
    mapfile -t slabs </proc/slabinfo
    printf '%s\n' "${slabs[@]}"
    pause 0.05
  done | awk '$1 ~ /^(kmalloc-|bio|dm)/ && (!($1 in used) || $2 < used[$1]) { used[$1] = $2 }
    END { for (cache in used) print cache, used[cache] }' | sort >"$1"
  for fd in "${shrinks[@]}"; do exec {fd}>&-; done
  awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo >"$1.memory"
}

echo 20 >/proc/sys/kernel/hung_task_timeout_secs
options='format 2 memory 4'
# The first round fills caches that stay: programs, scripts, the kernel's own.
round 327680 3 no
empty_lives 10
census before
operations_before=$operations lives_before=$lives
begin=$SECONDS
stop=$((SECONDS + duration - 15))
while [ "$SECONDS" -lt "$stop" ]; do
  one_of 'format 2 memory 4' 'format 2 memory 4' 'format 2 memory 4 log_reads' \
    'format 2 memory 4 observe' 'format 2 memory 4 on_full stop' 'format 1 memory 4' \
    'format 1 memory 2 on_full stop'
  options=$choice
  size=327680
  if chance 4; then size=8192; fi
  log_fails=no
  if chance 4; then log_fails=yes; fi
  round "$size" 4 "$log_fails"
done
# Some 15 s.
empty_lives 50
took=$((SECONDS - begin))
census after
options='at the end'

# A leak with each life or each disturbance shows as that many objects; one with each
# request as thousands. Other parts of the kernel were seen to take up to a dozen.
lives=$((lives - lives_before))
operations=$((operations - operations_before))
allowed=24
# What grew by more is looked at once more after a while: a slab of small objects that a
# processor holds counts up to 512 of them, and what RCU frees is freed later. A leak stays.
if join before after | awk -v allowed=$allowed '$3 - $2 > allowed { more = 1 } END { exit !more }'; then
  mv after first
  pause 5
  census after
  join first after | awk '{ print $1, $2 < $3 ? $2 : $3 }' >least && mv least after
fi
echo "caches, in use before and after:"
join before after | while read -r cache old new; do
  if [ "$old" -ne "$new" ]; then echo "  $cache $old $new"; fi
done
while read -r cache old new; do
  if [ $((new - old)) -gt "$allowed" ]; then wrong "$cache grew by $((new - old)) objects"; fi
done < <(join before after)
old=$(<before.memory) new=$(<after.memory)
echo "MemAvailable: $old KiB before, $new KiB after"
# 4 MiB: a page for each request of one second would be more.
if [ $((old - new)) -gt 4096 ]; then wrong "$((old - new)) KiB less memory"; fi
if [ "$lives" -le "$allowed" ]; then wrong "only $lives targets: a leak would not show"; fi

if dmsetup ls | grep -qv '^No devices'; then wrong "left: $(dmsetup ls)"; fi
rmmod dm_log_writes || wrong "the module cannot be unloaded"
if dmesg | grep 'BUG:\|WARNING:\|Oops\|blocked for more\|refcount_t:'; then wrong "the kernel complains"; fi
cd / && rm -rf "$work"
echo "stress: $took s, $rounds rounds ($equal equal, $early logs ended early), $operations disturbances, $lives targets, $failed wrong"
[ "$failed" -eq 0 ]
