#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No verb, a wrong verb, half a verb; and what is asked for goes to stdout.

. "$CLI/lib.sh"

show
show --help
cp show.out long
for word in -h help; do
  expect 0 "$word"
  cmp out long || fail "$word is not --help"
done
show frobnicate
show --frobnicate
show log
show log frobnicate
show logs
