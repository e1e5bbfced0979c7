#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same operations, one at a time, recorded by upstream's dm-log-writes and by ours in
# format 1: the logs must mean the same. upstream_twin.py says what the same is, and which
# differences there are. Needs a kernel that has upstream's module, not packed.
#
# SEED chooses the operations, and is printed; OPERATIONS, 120 by default, how many.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
needs python3
mapfile -t modules < <(find /lib/modules/*/kernel/drivers/md/dm-log-writes.ko 2>/dev/null)
if [ "${#modules[@]}" -eq 0 ]; then skip "no kernel with upstream's dm-log-writes here"; fi
begin

seed=${SEED:-1}
size=16777216
echo "seed $seed"
copies=()
for module in "${modules[@]}"; do
  version=${module#/lib/modules/}
  copies+=(--copy "$module:/upstream/${version%%/*}.ko")
done
python3 "$guest_tests/upstream_twin.py" plan "$seed" "${OPERATIONS:-120}" operations data || exit 2
disk ours.img "$size"
disk upstream.img "$size"
disk ours.log 64M
disk upstream.log 64M
in_guest guest.out "${copies[@]}" --disk ours.img --disk ours.log --disk upstream.img \
  --disk upstream.log --copy "$PWD/operations" --copy "$PWD/data" \
  --with insmod --with rmmod --with dmsetup -- \
  bash "$guest_tests/upstream_twin_in_guest.sh" "$PWD/operations" "$PWD/data" \
  /dev/vda /dev/vdb /dev/vdc /dev/vdd
code=$?
if [ "$code" -ne 0 ]; then
  wrong "exit code $code"
  end "nothing to compare"
fi
if ! grep -q 'v2\.' guest.out || ! grep -q 'v1\.' guest.out; then wrong "not both targets"; fi

cmp ours.img upstream.img || wrong "the devices differ"
for who in ours upstream; do
  "$POWERCUT" log verify "$who.log" --size "$size" --device "$who.img" >verify.out 2>&1 ||
    wrong "$who: $(<verify.out)"
  "$POWERCUT" log list "$who.log" --json >"$who.json" || wrong "$who: no list"
done
summary=$(python3 "$guest_tests/upstream_twin.py" compare operations data \
  upstream.log upstream.json ours.log ours.json) || wrong "the logs differ: $summary"

# The state at each flush.
flushes=$(grep -c '"op":"flush"' ours.json)
states=0
for ((i = 1; i <= flushes; i++)); do
  for who in ours upstream; do
    "$POWERCUT" replay "$who.log" --to "flush:$i" --size "$size" -o "$who.state" 2>replay.err ||
      wrong "$who: replay to flush:$i: $(<replay.err)"
  done
  if cmp ours.state upstream.state; then states=$((states + 1)); else wrong "flush:$i differs"; fi
  rm -f ours.state upstream.state
done
if [ "$states" -lt 10 ] || [ "$states" -ne "$flushes" ]; then wrong "$states of $flushes states equal"; fi

# The proof that a difference shows: one byte of data in the log, one entry.
for place in data entry; do
  cp ours.log changed.log
  python3 "$guest_tests/upstream_twin.py" damage "$place" changed.log
  "$POWERCUT" log list changed.log --json >changed.json
  if python3 "$guest_tests/upstream_twin.py" compare operations data \
    upstream.log upstream.json changed.log changed.json >/dev/null 2>&1; then
    wrong "changed $place of the log went unseen"
  fi
done
end "$summary, $states states equal"
