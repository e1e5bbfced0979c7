#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without a recording perform says so, unless no marks are wanted.

. "$CLI/lib.sh"

echo 'mkdir d' >some.ops
show perform some.ops
export POWERCUT_CONTROL=/no/such/socket
show perform some.ops
unset POWERCUT_CONTROL
mkdir here there
show perform --no-marks --in here some.ops
ls here
show perform --no-marks --in here some.ops
POWERCUT_MOUNT=$PWD/there show perform --no-marks some.ops
ls there
if [ -e d ]; then fail "it went to the current directory"; fi
show perform --no-marks missing.ops
echo 'mkdri d' >some.ops
show perform --no-marks some.ops
