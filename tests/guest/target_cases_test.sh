#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots a guest and runs all of target_cases.sh in it; or some of its cases:
#
#   target_cases_test.sh [CASE...]
#
# SCRIBBLE names the program of scribble.cc.

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/guest/lib.sh
. "$guest_tests/lib.sh"
scribble=$(realpath "${SCRIBBLE:-$(dirname "$POWERCUT")/scribble}")
if [ ! -x "$scribble" ]; then skip "no program scribble: build it"; fi
begin

cases=$guest_tests/target_cases.sh
if [ $# -gt 0 ]; then
  wanted=$*
else
  wanted=$(sed -n 's/^case_\([a-z0-9_]*\)() .*/\1/p' "$cases")
fi
disk cases.img 256M
in_guest cases.out --load dm-flakey --disk cases.img --copy "$scribble:/usr/bin/scribble" \
  -- sh "$cases" /dev/vda "$@"
code=$?
if [ "$code" -ne 0 ]; then wrong "exit code $code"; fi
passed=0
for name in $wanted; do
  if grep -qx "ok $name" cases.out; then
    passed=$((passed + 1))
  else
    wrong "case $name did not pass"
  fi
done
if [ "$passed" -eq 0 ]; then wrong "no case passed"; fi
end "$passed cases passed"
