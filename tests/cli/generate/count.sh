#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How many workloads there are: the figures of docs/writing-a-scenario.md.

. "$CLI/lib.sh"

for length in 1 2 3; do
  show generate --length "$length" --count
done
show generate --length 2 --nested --count
show generate --length 2 --only creat,unlink --count
show generate --length 1 --without falloc,dwrite,mmapwrite --count
for figure in 446 '1 452' '922 686' '3 575 448' '127 317 240' '497 669 752' '4 994 010'; do
  grep -qF "| $figure |" "$CLI/../../docs/writing-a-scenario.md" || fail "no $figure there"
done
