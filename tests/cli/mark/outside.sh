#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Outside of a recording a mark says so; with a wrong socket too.

. "$CLI/lib.sh"

show mark lonely
export POWERCUT_CONTROL=/no/such/socket
show mark lonely
: >plain
export POWERCUT_CONTROL=$PWD/plain
"$POWERCUT" mark lonely 2>err
code=$?
if [ "$code" -ne 3 ]; then fail "exit $code"; fi
says err 'cannot reach the recording'
