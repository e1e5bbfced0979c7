#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs inside a guest that has dm-log-writes 2 loaded, on one empty disk:
#
#   target_cases.sh DISK [CASE...]
#
# Each case makes small devices out of the disk, drives the target by its table line,
# messages and status, and holds the log against the device with `powercut log verify`.
# Prints "ok CASE" or "FAIL CASE: WHY"; exit 1 if any failed. Nothing else is needed than
# dmsetup, fio, powercut and the usual tools.
set -u
disk=$1
shift
export DM_DISABLE_UDEV=1
target=${TARGET:-log-writes}
work=$(mktemp -d)
failed=0

# ---- helpers -------------------------------------------------------------------

sectors() { blockdev --getsz "$1"; }
dm() { dmsetup create "$1" --table "$2" 2>>"$work/dm"; }
gone() {
  for name in "$@"; do
    for try in 1 2 3 4 5 6 7 8 9 10; do
      [ -e "/dev/mapper/$name" ] || continue 2
      dmsetup remove "$name" 2>/dev/null && continue 2
      sleep 0.1
    done
    echo "device $name cannot be removed"
    return 1
  done
  return 0
}
# slice NAME OFFSET_MIB SIZE_KIB: a piece of the disk, zeroed.
slice() {
  dm "$1" "0 $(($3 * 2)) linear $disk $(($2 * 2048))" || return 1
  blkdiscard -f -z /dev/mapper/"$1"
}
# devices [LOG_KIB [DATA_KIB]]: d (data) and l (log)
devices() { slice d 0 "${2:-8192}" && slice l 64 "${1:-65536}"; }
# record [OPTIONS...]: t, over d, into l
table() {
  if [ $# -eq 0 ]; then
    echo "0 $(sectors /dev/mapper/d) $target /dev/mapper/d /dev/mapper/l"
  else
    echo "0 $(sectors /dev/mapper/d) $target /dev/mapper/d /dev/mapper/l $# $*"
  fi
}
record() { dm t "$(table "$@")"; }
# word STATUS_WORD: its value in t's INFO
word() { dmsetup status "${2:-t}" | tr ' ' '\n' | grep -A1 -x "$1" | tail -1; }
message() {
  name=$1
  shift
  dmsetup message "$name" 0 "$@" 2>>"$work/dm"
}
equal() { powercut log verify /dev/mapper/l --device /dev/mapper/d >"$work/verify" 2>&1; }
# events PATTERN: how many lines of the log match
events() { powercut log list /dev/mapper/l 2>/dev/null | grep -c -- "$1"; }
write() { dd if=/dev/urandom of=/dev/mapper/t bs="$1" count="$2" seek="${3:-0}" oflag=direct conv=notrunc 2>/dev/null; }
said() { dmesg | tail -n 30 | grep -q -- "$1"; }
random_io() {
  fio --name=j --filename=/dev/mapper/t --direct=1 --rw=randwrite --bsrange=512-64k \
    --blockalign=512 --iodepth=16 --ioengine=libaio --serialize_overlap=1 \
    --norandommap --size=7M "$@" >"$work/fio" 2>&1
}
must() { "$@" || { echo "failed: $*"; return 1; }; }
must_not() { ! "$@" || { echo "succeeded: $*"; return 1; }; }
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'${3:+ ($3)}"; return 1; }; }

# ---- the table line ------------------------------------------------------------

case_refusals() {
  devices 65536 &&
    for bad in "1 format" "2 format 3" "2 format 2 observe" "3 format 2" \
      "1 unknown" "2 domain x" "1 observe" "3 observe bounce format" \
      "2 on_full maybe" "2 memory 1" "x" "4 format 2 observe bounce" "2 domain 1" \
      "2 name x" "3 format 2 name" \
      "4 format 2 name 123456789012345678901234567890123456789012345678"; do
      must_not dm t "0 $(sectors /dev/mapper/d) $target /dev/mapper/d /dev/mapper/l $bad" || return
    done
  must_not dm t "0 8 $target /dev/mapper/d" &&
    must_not dm t "0 8 $target /dev/mapper/d /dev/mapper/d" &&
    must said "data and log are the same device" &&
    must_not dm t "0 8 $target /dev/mapper/d /dev/nothing" &&
    must said "log device lookup failed" &&
    slice small 60 64 &&
    must_not dm t "0 8 $target /dev/mapper/d /dev/mapper/small 2 format 2" &&
    must said "log device too small"
  result=$?
  gone small
  return $result
}

case_table_recreates() {
  devices &&
    for options in "" "2 format 2" \
      "13 format 2 domain 7 name left observe on_full stop log_reads memory 9 power_fail" \
      "4 on_full stop memory 5" "2 ack log" "4 format 2 ack device"; do
      line="0 $(sectors /dev/mapper/d) $target /dev/mapper/d /dev/mapper/l${options:+ $options}"
      must dm t "$line" || return
      first=$(dmsetup table t)
      dmsetup remove t
      must dm t "$first" || return
      is "$(dmsetup table t)" "$first" || return
      is "${first#*"$target" * * }" "${options:-${first#*"$target" * * }}" || return
      dmsetup remove t
    done
}

# ---- the log equals the medium ---------------------------------------------------

case_format1() { devices && record && must random_io --fsync=7 && gone t && must equal; }
case_format2() { devices && record format 2 && must random_io --fsync=7 && gone t && must equal; }
case_observe() {
  devices && record format 2 observe && must random_io --fsync=7 &&
    is "$(word unstable)" 0 && gone t && must equal
}

# Some thread writes into the buffer while it is on its way. In bounce mode log and
# medium are equal; in observe mode the log says which writes were changed, and how.
case_changed_in_flight() {
  devices 131072 && record format 2 observe &&
    must scribble /dev/mapper/t 200 &&
    unstable=$(word unstable) && gone t &&
    { [ "$unstable" -gt 0 ] || { echo "no write was changed in flight"; return 1; }; } &&
    is "$(events UNSTABLE)" "$unstable" &&
    record format 2 && must scribble /dev/mapper/t 200 && gone t && must equal
}

case_reload_appends() {
  for format in 1 2; do
    devices && record format $format memory 2 &&
      must write 4k 5 && must message t mark first &&
      for i in 1 2 3; do
        dmsetup suspend t && dmsetup load t --table "$(table format $format memory 2)" &&
          dmsetup resume t && must write 4k 3 "$((i * 10))" || return
      done &&
      must message t mark last && gone t && must equal &&
      is "$(events ' mark .*first')" 1 && is "$(events ' mark .*last')" 1 &&
      is "$(powercut log list /dev/mapper/l | grep -c 'write dev 0')" 14 || return
    gone d l
  done
}

case_failed_writes() {
  # dm-flakey fails all writes for the second half of its time; error_writes: at once.
  slice base 0 8192 && slice l 64 65536 &&
    dm d "0 16384 linear /dev/mapper/base 0" && record format 2 && must write 4k 2 &&
    { dmsetup suspend t; dmsetup suspend d; } &&
    dmsetup load d --table "0 16384 flakey /dev/mapper/base 0 0 60 1 error_writes" &&
    dmsetup resume d && dmsetup resume t &&
    must_not write 4k 1 100 && is "$(word errors)" 1 &&
    { dmsetup suspend t; dmsetup suspend d; } &&
    dmsetup load d --table "0 16384 linear /dev/mapper/base 0" &&
    dmsetup resume d && dmsetup resume t && must write 4k 1 200 && gone t &&
    is "$(events 'error\|failed\|errno')" 1 && must equal
  result=$?
  gone t d base
  return $result
}

case_failed_writes_format1() {
  slice base 0 8192 && slice l 64 65536 &&
    dm d "0 16384 flakey /dev/mapper/base 0 0 60 1 error_writes" && record &&
    must_not write 4k 1 100 && is "$(word errors)" 1 && gone t &&
    is "$(events 'write dev')" 0
  result=$?
  gone t d base
  return $result
}

# ---- the log's end ----------------------------------------------------------------

case_full_error() {
  for format in 1 2; do
    devices 1024 && record format $format && must message t mark early &&
      must_not write 64k 64 &&
      is "$(word state)" full && must said "the log is full" &&
      must_not write 4k 1 && must_not message t mark late &&
      must dd if=/dev/mapper/t of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null &&
      gone t && must equal || return
    gone d l
  done
}

case_full_stop() {
  devices 1024 && record format 2 on_full stop && must write 64k 64 &&
    is "$(word state)" stopped && must said "no longer recorded" &&
    must_not message t mark late && gone t &&
    must powercut log info /dev/mapper/l >"$work/info" 2>&1 &&
    must grep -q -i "full\|stopped" "$work/info" && must_not equal
}

case_log_device_fails() {
  for policy in error stop; do
    slice d 0 8192 && slice base 64 8192 &&
      dm l "0 16384 linear /dev/mapper/base 0" && record format 2 on_full $policy &&
      must write 4k 2 && must message t sync &&
      { dmsetup suspend t; dmsetup suspend l; } &&
      dmsetup load l --table "0 16384 error" && dmsetup resume l && dmsetup resume t
    write 4k 4 8 && message t sync && { echo "sync succeeded"; return 1; }
    is "$(word state)" failed || return
    if [ $policy = error ]; then
      must_not write 4k 1 16 || return
    else
      must write 4k 1 16 || return
    fi
    must_not message t mark late || return
    must dd if=/dev/mapper/t of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null || return
    gone t l base d
  done
}

# Log slow, many FUA writes, one late unflushed write over an older one, removal at once.
case_removal_keeps_order() {
  for format in 1 2; do
    devices && record format $format &&
      must fio --name=j --filename=/dev/mapper/t --direct=1 --rw=randwrite --bs=4k \
        --sync=dsync --iodepth=8 --ioengine=libaio --size=1M --io_size=2M >"$work/fio" &&
      must write 4k 1 2 && must write 4k 1 2 && gone t && must equal || return
    gone d l
  done
}

# ---- bounds -------------------------------------------------------------------------

# 512-byte writes, never flushed: memory stays in its bound.
case_memory() {
  for format in 1 2; do
    devices 131072 && record format $format memory 4
    fio --name=j --filename=/dev/mapper/t --direct=1 --rw=randwrite --bs=512 --iodepth=64 \
      --ioengine=libaio --size=7M --io_size=12M --norandommap >"$work/fio" 2>&1 &
    fio=$!
    # The log stands still for a while: only the bound keeps what waits for it small.
    dmsetup suspend --noflush l
    # On a busy machine it takes a while until so much waits.
    for try in $(seq 40); do
      sleep 0.5
      most=$(dmsetup status t | sed 's/.* memory \([0-9]*\) .*/\1/')
      [ "$most" -gt 3145728 ] && [ "$try" -ge 3 ] && break
    done
    dmsetup resume l
    [ "$most" -gt 3145728 ] || { echo "memory $most: the bound was not reached"; return 1; }
    while kill -0 $fio 2>/dev/null; do
      now=$(dmsetup status t | sed 's/.* memory \([0-9]*\) .*/\1/')
      [ "$now" -gt "$most" ] && most=$now
      sleep 0.1
    done
    wait $fio || { echo "fio failed"; return 1; }
    echo "format $format: at most $most of 4194304 bytes" >>"$work/figures"
    { [ "$most" -gt 0 ] && [ "$most" -le 4194304 ]; } || { echo "memory $most"; return 1; }
    gone t d l
  done
}

# ---- messages -----------------------------------------------------------------------

case_marks() {
  long=$(printf '%4000s' x | tr ' ' m)
  for format in 1 2; do
    devices && record format $format && must write 4k 3 &&
      must message t mark one && must write 4k 1 9 && must message t mark 'a\ b' &&
      must_not message t mark && must_not message t mark a b &&
      must_not message t mark "${long}m" && must_not message t nonsense &&
      must_not message t sync now && must message t sync || return
    if [ $format = 2 ]; then
      must message t mark "$long" || return
    else
      must_not message t mark "$long" || return
    fi
    gone t
    # Three writes before the first mark, one between the two.
    is "$(powercut log list /dev/mapper/l | grep -o 'write dev\|mark .*one\|mark .*a b' |
      sed 's/mark .*\(one\|a b\)/\1/' | tr '\n' ,)" \
      "write dev,write dev,write dev,one,write dev,a b," || return
    gone d l
  done
}

# A mark is durable when it returns: the log as it is on the device has it.
case_mark_is_durable() {
  for format in 1 2; do
    devices && record format $format && must write 4k 3 && must message t mark here &&
      dd if=/dev/mapper/l of="$work/copy" bs=64k count=32 iflag=direct 2>/dev/null &&
      is "$(powercut log list "$work/copy" 2>/dev/null | grep -c 'mark .*here')" 1 || return
    gone t d l
  done
}

# With the log at a stand: what a flush and a FUA write have promised waits for it, or, where
# that was asked for, does not. In format 1 a FUA write that comes after a held one too.
case_ack() {
  for options in 'format 1' 'format 1 ack log' 'format 2' 'format 2 ack device'; do
    waits=1
    case $options in 'format 1' | *device) waits=0 ;; esac
    for what in "fill_fua b 9" "fill_fua b 1" flush; do
      # shellcheck disable=SC2086
      devices && record $options && must fill a 1 && must dmsetup suspend --noflush l || return
      $what &
      sleep 0.7
      still=0
      kill -0 $! 2>/dev/null && still=1
      seq=$(word seq)
      dmsetup resume l
      wait $! || { echo "$options: $what failed"; return 1; }
      is $still $waits "$options: does '$what' wait?" || return
      # dd sends a flush behind its FUA write; not before the write is told as done.
      case $options:$what in
        'format 1 ack log:fill_fua b 9') is "$seq" 1 "events, $options" || return ;;
        'format 1 ack log:fill_fua b 1') is "$seq" 2 "events, $options" || return ;;
        'format 2:fill_fua'*) is "$seq" 4 "events, $options" || return ;;
      esac
      gone t && must equal && gone d l || return
    done
  done
}

case_reads() {
  devices && record format 2 log_reads && must write 4k 1 &&
    dd if=/dev/mapper/t of=/dev/null bs=4k count=3 iflag=direct 2>/dev/null && gone t &&
    is "$(events ' read ')" 3 && must equal
}

# ---- several devices -----------------------------------------------------------------

case_two_devices() {
  devices && slice e 32 8192 &&
    dm t "$(table format 2)" &&
    dm u "0 16384 $target /dev/mapper/e /dev/mapper/l 4 format 2 domain 1" &&
    must_not dm v "0 8 $target /dev/mapper/small /dev/mapper/l" &&
    for i in 1 2 3; do
      must write 4k 1 "$i" &&
        must dd if=/dev/urandom of=/dev/mapper/u bs=4k count=1 seek="$i" oflag=direct 2>/dev/null ||
        return
    done && gone t &&
    must dd if=/dev/urandom of=/dev/mapper/u bs=4k count=1 oflag=direct 2>/dev/null &&
    must message u mark after && gone u &&
    is "$(events 'write dev 0')" 3 && is "$(events 'write dev 1')" 4 &&
    is "$(powercut log info /dev/mapper/l | grep -c '^device')" 2
  result=$?
  gone u e
  return $result
}

case_format1_is_one_device() {
  devices && slice e 32 8192 && record && must write 4k 1 &&
    must_not dm u "0 16384 $target /dev/mapper/e /dev/mapper/l" &&
    must said "format 1 holds one device" && gone t && must equal
  result=$?
  gone u e
  return $result
}

case_log_device_in_use() {
  devices && mkfs.ext4 -q /dev/mapper/l && mkdir -p "$work/m" &&
    mount -t ext4 /dev/mapper/l "$work/m" &&
    must_not record format 2
  result=$?
  umount "$work/m"
  return $result
}

# ---- power failure -----------------------------------------------------------------

# A pattern of one letter: fill LETTER BLOCK
fill() {
  head -c 4096 /dev/zero | tr '\0' "$1" |
    dd of=/dev/mapper/t bs=4k count=1 seek="$2" oflag=direct conv=notrunc 2>/dev/null
}
fill_fua() {
  head -c 4096 /dev/zero | tr '\0' "$1" |
    dd of=/dev/mapper/t bs=4k count=1 seek="$2" oflag=direct,sync conv=notrunc 2>/dev/null
}
letter() { dd if=/dev/mapper/"${2:-t}" bs=1 skip=$(($1 * 4096)) count=1 2>/dev/null; }
flush() { blockdev --flushbufs /dev/mapper/t; dd if=/dev/null of=/dev/mapper/t conv=fsync,notrunc 2>/dev/null; }

case_power_now() {
  for how in eio drop; do
    for format in 1 2; do
      devices && record format $format power_fail &&
        must fill a 1 && must fill a 2 && must flush &&
        must fill b 1 && must fill b 3 && must message t powerfail now $how &&
        is "$(word power)" $how || return
      if [ $how = eio ]; then
        must_not fill c 1 && is "$(letter 1)" "" || return
      else
        must fill c 1 || return
      fi
      must message t heal && is "$(word power)" on || return
      # What was flushed is there, what was not is gone.
      is "$(letter 1)$(letter 2)$(letter 3 | tr '\0' 0)" aa0 "blocks 1 2 3" &&
        must fill d 4 && is "$(letter 4)" d && gone t && must equal || return
      is "$(events ' mark .*powerfail')" 1 && is "$(events ' mark .*heal')" 1 || return
      gone d l
    done
  done
}

case_power_after_flush() {
  devices && record format 2 power_fail && must message t powerfail after-flush 2 eio &&
    must fill a 1 && must flush && must fill b 1 && must flush &&
    must_not fill c 1 && must message t heal && is "$(letter 1)" b && gone t && must equal
}

case_power_at_flush() {
  devices && record format 2 power_fail && must message t powerfail flush 2 eio &&
    must fill a 1 && must flush && must fill b 1 && must_not flush &&
    must message t heal && is "$(letter 1)" a && gone t && must equal
}

case_power_at_fua() {
  devices && record format 2 power_fail && must fill a 1 && must flush &&
    must message t powerfail fua 1 drop && must fill b 1 &&
    must fill_fua c 5 &&
    must message t heal && is "$(letter 1)" a && gone t && must equal
}

# A FUA write is durable: what was there before an older write is not put over it.
case_power_keeps_fua() {
  devices && record format 2 power_fail && must message t powerfail flush 1 drop &&
    must fill a 1 && must fill_fua b 1 && is "$(word power)" drop &&
    must message t heal && is "$(letter 1)" b && gone t && must equal
}

# Format 1 holds plain writes back until a flush; a FUA write over one comes after it.
case_fua_over_held() {
  devices && record && must fill a 1 && must fill_fua b 1 && must fill c 3 && gone t &&
    must equal && is "$(letter 1 d)" b
}

# Writers that wait for memory which only what is kept could give: the power fails all the
# same, again and again, and what is left equals the log.
case_power_short_of_memory() {
  for mode in bounce observe bounce observe bounce observe; do
    devices 190000 16384 && record format 2 $mode memory 2 power_fail || return
    for writer in 1 2 3 4; do
      while dd if=/dev/zero of=/dev/mapper/t bs=1000k count=16 oflag=direct conv=notrunc; do
        :
      done 2>/dev/null &
    done
    until [ "$(word bytes)" -gt 4194304 ]; do :; done
    message t powerfail now eio &
    failing=$!
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
      kill -0 $failing 2>/dev/null || break
      sleep 1
    done
    if [ $try = 21 ]; then
      echo "$mode: the power did not fail in 20 s: $(dmsetup status t)"
      return 1
    fi
    wait
    message t heal && gone t && must equal && is "$(events ' mark .*powerfail')" 1 || return
    gone d l
  done
}

case_power_refusals() {
  devices && record format 2 && must_not message t powerfail now eio && gone t &&
    record format 2 power_fail &&
    for bad in "" now "now maybe" "flush eio" "flush 0 eio" "flush x eio" "never 1 eio" \
      "now eio eio"; do
      # shellcheck disable=SC2086
      must_not message t powerfail $bad || return
    done && must message t heal && must_not message t heal now
}

# ---- -------------------------------------------------------------------------------

[ $# -gt 0 ] || set -- $(sed -n 's/^case_\([a-z0-9_]*\)() .*/\1/p' "$0")
for name in "$@"; do
  if why=$("case_$name" 2>&1); then
    echo "ok $name"
  else
    echo "FAIL $name: $(echo "$why" | tail -n 5)"
    tail -n 3 "$work/dm" "$work/verify" 2>/dev/null
    failed=1
  fi
  gone t u d e l base small
  dmesg | grep -q "BUG:\|WARNING:\|Oops\|blocked for more" && {
    echo "FAIL $name: the kernel complains"
    dmesg | grep -A 20 "BUG:\|WARNING:\|Oops\|blocked for more"
    exit 1
  }
done
cat "$work/figures" 2>/dev/null
rm -rf "$work"
exit $failed
