#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kill -9 of powercut ends its guest; doctor --clean removes the rest.

. "$CLI/lib.sh"

needs_guest
"$POWERCUT" guest --accel tcg --console console -- sleep 1000 &
pid=$!
for _ in $(seq 100); do
  if [ -s console ]; then break; fi
  read -r -t 0.1 <> <(:) || true
done
[ -s console ] || fail "the guest did not start"
read -r qemu _ <"/proc/$pid/task/$pid/children"
[ -n "$qemu" ] || fail "it has no QEMU"
kill -KILL $pid
wait $pid 2>/dev/null
for _ in $(seq 50); do
  if ! kill -0 "$qemu" 2>/dev/null; then break; fi
  read -r -t 0.1 <> <(:) || true
done
if kill -0 "$qemu" 2>/dev/null; then fail "QEMU outlived powercut"; fi
expect 0 doctor
says out 'left run directory'
expect 0 doctor --clean
says out 'run directory'
expect 0 doctor --clean
says out 'nothing was left behind'
