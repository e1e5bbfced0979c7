#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A panic and a command that takes too long: exit 3, with the end of the guest's console.

. "$CLI/lib.sh"

needs_guest
expect 3 guest --accel tcg --console console -- sh -c 'echo c >/proc/sysrq-trigger'
says err "powercut: the guest's kernel stopped (panic): sysrq: Trigger a crash"
says err 'Kernel panic - not syncing'
says console 'Kernel panic - not syncing'
expect 3 guest --accel tcg --timeout 1 -- sleep 100
says err 'took longer than 1 s'
expect 127 guest --accel tcg -- no-such-program
