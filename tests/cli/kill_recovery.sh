#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kills powercut with SIGKILL at random moments, a check and a recording in turn, and holds
# it to its word: `doctor` lists what was left, `doctor --clean` removes it all, a second
# `doctor` finds nothing; no process, mount, loop device or directory stays. The log of a
# killed recording is salvaged and can be checked; the check run again gives the answer.
#
#   kill_recovery.sh [--orphans] [ROUNDS]     20 by default
#
# With --orphans the workload has children in the background: they outlive its death.
#
# SEED chooses the moments, and is printed.

set -u

cli=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/cli/leftovers.sh
. "$cli/leftovers.sh"
POWERCUT=$(realpath "${POWERCUT:-$cli/../../build/release/bin/powercut}")
orphans=no
if [ "${1-}" = --orphans ]; then
  orphans=yes
  shift
fi
rounds=${1:-20}
seed=${SEED:-1}
RANDOM=$seed
if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/fuse ] || [ ! -c /dev/loop-control ]; then
  echo "skipped: needs root, /dev/fuse and /dev/loop-control" >&2
  exit 77
fi
for program in zstd e2fsck mkfs.ext4; do
  if [ -z "$(type -P "$program")" ]; then
    echo "skipped: no $program here" >&2
    exit 77
  fi
done
scratch=$(mktemp -d /tmp/cli-kill.XXXXXX) || exit 2
mkdir "$scratch/tmp"
export TMPDIR=$scratch/tmp
cd "$scratch" || exit 2
zstd -dcq "$cli/../golden/upstream-ext4-sync/log.zst" 2>/dev/null | head -c 10308096 >golden.log
failed=0
leavings=0
salvaged=0

wrong() {
  echo "   WRONG in round $round (seed $seed): $*"
  failed=$((failed + 1))
}

pause() {
  read -r -t "$1" <> <(:) || true
}

# At most 5 s until the kernel and the killed children have let go.
left_in_the_end() {
  local end=$((SECONDS + 5)) left
  left=$(leftovers "$scratch")
  while [ -n "$left" ] && [ "$SECONDS" -lt "$end" ]; do
    pause 0.02
    left=$(leftovers "$scratch")
  done
  printf '%s' "$left"
}

# Waits until the victim, which was killed, is gone with all of its threads. One that waits
# in the kernel for its own disk server would wait for ever, and with it every `sync` of
# this machine: then the connection of that server is cut.
wait_until_gone() {
  local end=$((SECONDS + 6)) control=$scratch/fusectl
  while kill -0 "$victim" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then
      wrong "$what, killed, hangs in the kernel; its FUSE connection $connection is cut"
      mkdir -p "$control" && mount -t fusectl none "$control"
      if [ -n "$connection" ]; then echo 1 >"$control/$connection/abort"; fi
      umount "$control"
      end=$((SECONDS + 60))
    fi
    pause 0.01
  done
  wait "$victim" 2>/dev/null
}

start_check() {
  "$POWERCUT" check golden.log --size 64M --atomic 4096 --audit 1 \
    --checker "command:sh -c 'e2fsck -fp \$0; code=\$?; cat \$0 >/dev/null; exit \$code' {}" \
    --clean-exit 0,1 >check.out 2>check.err &
  victim=$!
}

start_record() {
  rm -f run.log
  local go='writer a'
  if [ "$orphans" = yes ]; then go='writer a & writer b & wait'; fi
  "$POWERCUT" record --on loop --fs ext4 --size 64M -o run.log -- bash -c '
    writer() { while :; do head -c 9000 /dev/urandom >>"$1" && sync "$1" && mv "$1" "$1.x"; done; }
    '"$go" >record.out 2>record.err &
  victim=$!
}

after_record() {
  if [ ! -s run.log ]; then
    echo "        killed before there was a log"
    return
  fi
  "$POWERCUT" log info run.log >info.out 2>info.err
  local code=$?
  if [ "$code" -ne 0 ]; then
    # The log file is there from the first moment on, its superblock a little later.
    if grep -q 'bad magic 0x0 at byte 0\|it is empty' info.err; then
      echo "        killed before the log had begun"
    else
      wrong "log info of a cut recording: exit $code: $(<info.err)"
    fi
    return
  fi
  grep -q 'not clean: the recording was cut' info.out || wrong "the log claims a clean end"
  grep -q '^powercut: warning: .* byte ' info.err ||
    wrong "no sentence of where the log ends: $(<info.err)"
  salvaged=$((salvaged + 1))
  if ! grep -q '^marks .*mkfs' info.out; then
    echo "        killed within mkfs"
    return
  fi
  "$POWERCUT" check run.log --atomic write --max-runs 60 >again.out 2>again.err
  code=$?
  if [ "$code" -ne 0 ]; then wrong "check of a cut recording: exit $code: $(cat again.*)"; fi
}

after_check() {
  if grep -q 'every permitted state' check.out; then wrong "a killed check called it clean"; fi
  "$POWERCUT" check golden.log --size 64M --atomic write --to mark:f3 --json again.json >again.out 2>again.err
  local code=$?
  if [ "$code" -ne 0 ]; then wrong "the check again: exit $code: $(cat again.*)"; fi
  grep -q 'every permitted state is clean' again.out || wrong "the check again: $(<again.out)"
}

echo "seed $seed"
for ((round = 1; round <= rounds; round++)); do
  what=check
  if [ $((round % 2)) -eq 0 ]; then what=record; fi
  ms=$((20 + RANDOM % 581))
  "start_$what"
  pause "$(printf '0.%03d' "$ms")"
  connection=$(awk '/ fuse.powercut / { split($3, device, ":"); print device[2] }' \
    "/proc/$victim/mountinfo" 2>/dev/null | tail -n 1)
  if ! kill -KILL "$victim" 2>/dev/null; then wrong "$what had ended by itself: $(cat $what.err)"; fi
  wait_until_gone
  # As it is right after the kill, and when the children are gone.
  "$POWERCUT" doctor >doctor.first 2>&1
  code=$?
  if [ "$code" -ne 0 ]; then wrong "doctor: exit $code: $(<doctor.first)"; fi
  listed=$(grep -c '^left ' doctor.first)
  leavings=$((leavings + listed))
  there=$(find tmp -mindepth 1 -maxdepth 1 -name 'powercut-*' | wc -l)
  if [ "$there" -gt 0 ] && [ "$listed" -eq 0 ]; then wrong "doctor lists nothing, $there there"; fi
  "$POWERCUT" doctor --clean >doctor.clean 2>&1
  code=$?
  if [ "$code" -ne 0 ]; then wrong "doctor --clean: exit $code: $(<doctor.clean)"; fi
  "$POWERCUT" doctor >doctor.second 2>&1
  if grep '^left ' doctor.second; then wrong "doctor --clean left something"; fi
  left=$(left_in_the_end)
  if [ -n "$left" ]; then
    wrong "left behind: $left"
    sed -n 's/^process \([0-9]*\):.*/\1/p' <<<"$left" | xargs -r kill -KILL
  fi
  printf '%2d %-7s killed after %3d ms, %s left, cleaned\n' "$round" "$what" "$ms" "$listed"
  "after_$what"
done
if [ "$leavings" -eq 0 ]; then wrong "no kill left anything: this tested nothing"; fi
if [ "$rounds" -ge 10 ] && [ "$salvaged" -eq 0 ]; then wrong "no log was salvaged"; fi
echo "$rounds kills, $leavings leavings cleaned, $salvaged logs salvaged, $failed wrong"
if [ "$failed" -gt 0 ]; then
  echo "FAILED with seed $seed, kept $scratch" >&2
  exit 1
fi
cd / && rm -rf --one-file-system "$scratch"
