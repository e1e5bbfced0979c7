#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ctrl-C while a program has the file open still ends, and leaves nothing.

. "$CLI/lib.sh"

needs_root
golden_log golden.log
serve golden.log --size 64M --to end
exec 9<"$disk"
kill -INT "$pid"
wait_for "$pid" 15
echo "exit $code"
says serve.err "cannot unmount"
exec 9<&-
no_leftovers
