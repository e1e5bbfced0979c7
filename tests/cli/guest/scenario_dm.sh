#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A scenario performed on the device-mapper target in a guest, and its log judged here: a
# sound one is clean, and with all flushes ignored something acknowledged is lost.

. "$CLI/lib.sh"

needs_guest
needs mkfs.ext4 e2fsck
cat >s.scenario <<'END'
about acknowledged files stay
fs ext4
expect clean
workload {
  mkdir d
  creat d/f
  write d/f 0 8K
  fsync d/f
  rename d/f d/g
  fsync d
}
END
"$POWERCUT" record --on guest --fs ext4 --size 64M -o run.log \
  --copy "$PWD/s.scenario:/s.scenario" -- powercut perform /s.scenario >out 2>err ||
  fail "record: $(cat out err)"
"$POWERCUT" log list run.log | grep -q 'mark ack 5' || fail "no acknowledgement"
"$POWERCUT" check run.log --scenario s.scenario --require-complete >out 2>err ||
  fail "check: $(cat out err)"
"$POWERCUT" check run.log --scenario s.scenario --fault ignore-flush:all --stop-after 20 \
  >out 2>err
code=$?
[ "$code" = 1 ] || fail "exit $code: $(cat out err)"
grep -q 'acknowledged by `fsync d' out || fail "$(cat out)"
