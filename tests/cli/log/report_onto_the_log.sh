#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A report or an image is never written over the log it is of.

. "$CLI/lib.sh"

golden_log golden.log
cp golden.log original
"$POWERCUT" log info golden.log --size 64M --json golden.log >out 2>err
info=$?
cmp golden.log original || fail "log info --json overwrote the log (exit $info)"
"$POWERCUT" replay golden.log --size 64M -o golden.log >out 2>err
replay=$?
cmp golden.log original || fail "replay overwrote the log (exit $replay)"
