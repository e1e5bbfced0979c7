#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What generate refuses: a message, a hint, exit 2; and a directory that cannot be made.

. "$CLI/lib.sh"

show generate
show generate --length 0
show generate --length 5
show generate --length x
show generate --length 1 surplus
show generate --length 1 --frobnicate
show generate --length 1 --operations 5
show generate --length 1 --only creat,renme
show generate --length 1 --only ''
show generate --length 1 --only creat --without creat
show generate --length 1 --first 446
show generate --length 1 --fs ext5
show generate --length 3 --out d
show generate --random 1 --length 2
show generate --random 1 --count
show generate --random 1 --operations 0
show generate --random 1 --operations 100001
[ ! -e d ] || fail "a directory was made for nothing"
echo >file
show generate --length 1 --limit 1 --out file
expect 3 generate --length 1 --limit 1 --out file/below
