#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots a guest and torments the log-writes target in it; see stress_in_guest.sh.
#
#   STRESS_SECONDS=N stress.sh       60 s by default
#
# SEED chooses what happens, and is printed.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
seconds=${STRESS_SECONDS:-60}
seed=${SEED:-1}
begin

echo "seed $seed"
disk disk.img 64M
disk log.img 256M
in_guest rounds.out --load dm-flakey --with rmmod --disk disk.img --disk log.img --timeout $((seconds * 2 + 300)) -- \
  bash "$guest_tests/stress_in_guest.sh" /dev/vda /dev/vdb "$seconds" "$seed"
code=$?
if [ "$code" -ne 0 ]; then wrong "exit code $code"; fi
if grep -a 'BUG:\|WARNING:\|Oops\|blocked for more\|refcount_t:\|Call Trace' rounds.out.console; then
  wrong "the kernel complains"
fi
grep -aq 'device-mapper' rounds.out.console || wrong "the console was not kept"
summary=$(sed -n 's/^stress: \(.*\), [0-9]* wrong$/\1/p' rounds.out)
if [ -z "$summary" ]; then wrong "it did not come to the end"; fi
if grep -q ', 0 equal' <<<"$summary"; then wrong "no log was held against its disk"; fi
end "${summary:-nothing}"
