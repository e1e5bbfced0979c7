#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The version is one line.

. "$CLI/lib.sh"

expect 0 --version
grep -Eqx 'powercut [0-9]+\.[0-9]+\.[0-9]+' out || fail "no version: $(cat out)"
if [ "$(wc -l <out)" -ne 1 ]; then fail "more than one line"; fi
