#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is known of old and young bugs holds for the running kernel: all that can be run
# here comes out as the library expects.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck mkfs.btrfs btrfs python3
grep -qw btrfs /proc/filesystems || skip "no btrfs here"
"$POWERCUT" run crashmonkey fstests candidates --jobs 2 --time 0 --quiet --json run.json >out 2>err
code=$?
if [ "$code" -ne 0 ]; then fail "exit $code: $(cat out err)"; fi
json run.json 'unexpected == failed == inconclusive == 0 and as_expected + skipped == len(scenarios)'
json run.json 'as_expected >= 40'
json run.json '(all(s["proved"] or s["inferred"] for s in scenarios
  if s["result"] == "as-expected" and not s["finding_expected"]))'
json run.json 'all(not s["proved"] and s["why"] for s in scenarios if s["result"] == "skipped")'
