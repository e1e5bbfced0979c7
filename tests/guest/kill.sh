#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kills guests while they record, at random moments, and holds the log to its word: it opens,
# and has every record that the guest had told as durable, flush and all; a replay gives the
# records. Two rounds in three write to a raw device, the third to ext4, which is then also
# checked, as far as 20 runs go. Both formats in turn. In one round of five powercut itself
# is killed; `powercut doctor --clean` must remove what that leaves.
#
#   kill.sh [ROUNDS]      20 by default, two at a time; KILLS=N comes before ROUNDS
#
# SEED chooses the moments, and is printed.

# shellcheck disable=SC2317  # functions that are called by name

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
rounds=${KILLS:-${1:-20}}
seed=${SEED:-1}
RANDOM=$seed
size=33554432
needs python3 pgrep debugfs e2fsck mkfs.ext4
begin

pause() {
  read -r -t 0.01 <> <(:) || true
}

# poll SECONDS COMMAND...
poll() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then return 1; fi
    pause
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }
told() { grep -qsx "$1" out || gone "$runner"; }

# Everything below runs in the directory of its round.

bad() {
  tr '\n' ' ' <<<"round $round ($kind, format $format): $*" | cut -c1-1000 >>wrong
}

start_guest() {
  "$POWERCUT" guest --log-writes --memory 256 --disk "$PWD/disk.img" --disk "$PWD/log.img" -- \
    bash "$guest_tests/kill_in_guest.sh" "$kind" "$format" /dev/vda /dev/vdb >out 2>err &
  runner=$!
}

# Leaves `qemu`; nonzero if the guest did not come so far.
kill_guest() {
  local first=ready code
  if [ "$kind" = ext4 ]; then first='done 1'; fi
  poll 120 told "$first"
  if gone "$runner"; then
    wait "$runner"
    code=$?
    if [ "$code" -eq 77 ]; then cp err skipped; else bad "it ended by itself: $code: $(<err)"; fi
    return 1
  fi
  qemu=$(pgrep -f "qemu.*file=$PWD/disk.img")
  if [ "$(wc -w <<<"$qemu")" -ne 1 ]; then
    bad "not one QEMU: $qemu"
    kill "$runner"
    return 1
  fi
  read -r -t "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))" <> <(:)
  if [ "$victim" = QEMU ]; then kill -KILL "$qemu"; else kill -KILL "$runner"; fi
  wait "$runner" 2>/dev/null
  code=$?
  if [ "$victim" = QEMU ] && { [ "$code" -ne 3 ] || ! grep -qi 'qemu' err; }; then
    bad "exit $code, and the loss of QEMU is not told: $(<err)"
  fi
}

nothing_left() {
  local left
  if [ "$victim" = powercut ]; then
    "$POWERCUT" doctor --clean >doctor.out 2>&1 || bad "doctor --clean: $(<doctor.out)"
  fi
  poll 10 gone "$qemu" || { bad "QEMU is still there"; kill -KILL "$qemu"; }
  left=$(find tmp -mindepth 1)
  if [ -n "$left" ]; then bad "left behind: $left"; fi
}

raw_records() {
  local why
  why=$(python3 "$guest_tests/kill_records.py" flushed "$count" list.json) || bad "$why"
  why=$(python3 "$guest_tests/kill_records.py" there "$count" end.img) || bad "$why"
}

ext4_records() {
  local i code
  e2fsck -fy end.img >fsck.out 2>&1
  if [ $? -gt 1 ]; then bad "e2fsck: $(<fsck.out)"; fi
  for ((i = 1; i <= count; i++)); do echo "cat r$i"; done >commands
  debugfs -f commands end.img 2>/dev/null | grep '^record' >records
  for ((i = 1; i <= count; i++)); do echo "record $i"; done >wanted
  cmp -s records wanted || bad "of $count records there are: $(<records)"
  if [ ! -c /dev/fuse ] || [ "$(id -u)" -ne 0 ]; then return; fi
  "$POWERCUT" check log.img --size "$size" --atomic write --max-runs 20 >check.out 2>&1
  code=$?
  if [ "$code" -eq 0 ]; then : >checked; else bad "check: exit $code: $(tail -n 5 check.out)"; fi
}

kill_one() {
  round=$1 ms=$2 kind=raw victim=QEMU format=$((1 + $1 % 2)) runner='' qemu=''
  if [ $((round % 3)) -eq 0 ]; then kind=ext4; fi
  if [ $((round % 5)) -eq 2 ]; then victim=powercut; fi
  export TMPDIR=$PWD/tmp
  mkdir tmp
  disk disk.img "$size"
  disk log.img 128M
  start_guest
  kill_guest || return
  nothing_left
  count=$(sed -n 's/^done \([0-9]*\)$/\1/p' out | tail -n 1)
  count=${count:-0}
  if ! "$POWERCUT" log info log.img --size "$size" >info.out 2>info.err; then
    if [ "$count" -gt 0 ]; then bad "the log does not open: $(<info.err)"; fi
    echo "round $round: $victim killed before the log began"
    return
  fi
  grep -qE 'not clean: the recording was cut|not known: a log without marks' info.out || bad "the log claims a clean end"
  "$POWERCUT" log list log.img --json >list.json 2>list.err || bad "list: $(<list.err)"
  "$POWERCUT" replay log.img --to end --size "$size" -o end.img 2>replay.err ||
    bad "replay: $(<replay.err)"
  : >salvaged
  echo "$count" >count
  "${kind}_records"
  printf 'round %2d %-4s format %s: %-8s killed after %4d ms, %3d records, %5d events\n' \
    "$round" "$kind" "$format" "$victim" "$ms" "$count" "$(wc -l <list.json)"
  if [ ! -e wrong ]; then rm -f ./*.img; fi
}

echo "seed $seed"
for ((round = 1; round <= rounds; round++)); do
  if [ "$(jobs -pr | wc -l)" -ge 2 ]; then wait -n; fi
  mkdir "round$round"
  ms=$((RANDOM % 2500))
  (cd "round$round" && kill_one "$round" "$ms") &
done
wait

told=$(find . -name skipped -print -quit)
if [ -n "$told" ]; then
  why=$(sed -n '1s/^powercut: //p' "$told")
  cd / && rm -rf --one-file-system "$scratch"
  skip "$why"
fi
while read -r line; do wrong "$line"; done < <(find . -name wrong -exec cat {} +)
salvaged=$(find . -name salvaged | wc -l)
checked=$(find . -name checked | wc -l)
records=$(find . -name count -exec cat {} + | awk '{ sum += $1 } END { print sum + 0 }')
if [ "$salvaged" -lt $((rounds * 3 / 4)) ]; then wrong "only $salvaged of $rounds logs salvaged"; fi
if [ "$records" -eq 0 ]; then wrong "no record was told as done: this tested nothing"; fi
if [ -c /dev/fuse ] && [ "$(id -u)" -eq 0 ] && [ "$checked" -lt $((rounds / 4)) ]; then
  wrong "only $checked logs were checked"
fi
end "$rounds kills, $salvaged logs salvaged, $records records durable, $checked logs checked"
