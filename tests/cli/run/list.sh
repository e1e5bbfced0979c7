#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What there is to run, without running it.

. "$CLI/lib.sh"

mkdir -p some/below none
cat >some/lost.scenario <<'SCENARIO'
about a file that was synced is not there
about (told in two lines)
fs ext4
fault ignore-flush:all
expect clean kernel -3.0
expect finding
workload {
  creat foo
  fsync foo
}
SCENARIO
cat >some/below/kept.scenario <<'SCENARIO'
about nothing is lost
fs btrfs
workload {
  creat foo
  fsync foo
}
SCENARIO
echo 'no scenario at all' >some/readme
show run --list some/lost.scenario
show run --list some
show run --list some/below some/lost.scenario
show run --list none
expect 2 run --list some/readme
says err "readme:1: unknown directive 'no'"
show run --list no-such-scenario
show run
show run none

# All that come with powercut, by their names, and each of the groups.
library=$CLI/../../scenarios/library
expect 0 run --list
[ "$(wc -l <out)" -eq "$(find "$library" -name '*.scenario' | wc -l)" ] ||
  fail "not all scenarios are listed"
for group in "$library"/*/; do
  group=$(basename "$group")
  expect 0 run --list "$group"
  [ "$(wc -l <out)" -eq "$(find "$library/$group" -name '*.scenario' | wc -l)" ] ||
    fail "not all scenarios of $group are listed"
done
show run --list pairs/ext4-nobarrier-broken
show run --list ext4-nobarrier-broken
[ -z "$(find "$library" -name '*.scenario' -printf '%f\n' | sort | uniq -d)" ] ||
  fail "two scenarios have one name"
