#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Workloads by number, to stdout and to files; the same number is the same workload, and
# what is written can be done.

. "$CLI/lib.sh"

show generate --length 1 --first 3 --limit 2
show generate --length 2 --only rename,link --first 100 --limit 1 --fs btrfs

expect 0 generate --length 1 --out all/of-them
[ "$(find all/of-them -name 'sequence-1-*.scenario' | wc -l)" -eq 446 ] ||
  fail "not 446 files"
[ -z "$(cat out)" ] || fail "with --out there is nothing on stdout"
expect 0 generate --length 1 --first 3 --limit 1
tail -n +2 out | cmp - all/of-them/sequence-1-003.scenario || fail "number 3 is another"
[ "$(cat all/of-them/*.scenario | grep -v '^about' | grep -v '^source' | sort -u |
  wc -l)" -gt 100 ] || fail "they are all the same"

expect 0 generate --length 1 --limit 1000
[ "$(grep -c '^workload {' out)" -eq 446 ] || fail "not 446 on stdout"

# The last one of 922686, and one that needs no O_DIRECT and no fallocate is done.
expect 0 generate --length 2 --first 922685
[ "$(grep -c '^workload {' out)" -eq 1 ] || fail "not one"
expect 0 generate --length 2 --only link,rename,truncate --first 4711 --limit 1 --out one
mkdir root
expect 0 perform one/*.scenario --in root --no-marks
[ -n "$(ls root)" ] || fail "nothing was done"
