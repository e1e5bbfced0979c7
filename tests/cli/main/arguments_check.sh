#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Missing, surplus and unknown arguments of check: a message, a hint, exit 2.

. "$CLI/lib.sh"

show check
show check LOG surplus
show check LOG --frobnicate
show check LOG --frobnicate=1
show check LOG -x
golden_log golden.log
for option in '--checker ext5' '--checker ext4:x' '--checker command:' \
  '--checker command:true' '--timeout x' \
  '--jobs 0' '--jobs 33' '--jobs x' \
  '--max-runs x' '--time x' '--audit 2' \
  '--audit -0.1' '--audit nan' '--seed x' '--clean-exit x' '--clean-exit 0,' \
  '--model magic' '--fault magic' '--fault ignore-flush:' '--fault ignore-flush:0' \
  '--fault ignore-flush:999' '--fault lost-write:99999' '--atomic 100' '--atomic 513' \
  '--atomic 131072' '--atomic 0' '--discard magic' '--from nowhere' '--to mark:nobody' \
  '--state nonsense' '--state c999999.w.none' '--state c100.w.none+999999' \
  '--from mark:end --to mark:mkfs' '--mutate-flushes --fault ignore-fua'; do
  # shellcheck disable=SC2086  # one option, split into words
  show check golden.log --size 64M $option
done
show check golden.log --size 64M --checker 'command:no-such-program {}'
show check golden.log --size 64M --checker "command:sh -c 'x {}"
show check golden.log --size 64M --base missing.img
