#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A checker with quotes in its command is quoted in the line that reproduces.

. "$CLI/lib.sh"

needs_root
golden_log golden.log
checker="command:sh -c 'dd if=\$0 bs=1024 skip=16387 count=1 status=none | tr -d \"\\0\" | wc -c | grep -qx 0' {}"
expect 1 check golden.log --size 64M --atomic write --to mark:f1 --stop-after 1 --checker "$checker"
line=$(grep -m 1 'reproduce: ' out)
eval "set -- ${line#*reproduce: powercut }" || fail "the shell cannot read: $line"
arguments=$(printf '%s\n' "$@")
case $arguments in
  *"$checker"*) ;;
  *) fail "the shell takes it for other words: $line" ;;
esac
expect 1 "$@"
