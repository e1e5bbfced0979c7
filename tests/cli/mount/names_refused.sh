#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A DIR that cannot be, and options that do not go with it: a message, a hint, exit 2.

. "$CLI/lib.sh"

golden_log golden.log
mkdir at full
touch file full/file
ln -s nowhere link
show mount golden.log missing --size 64M
show mount golden.log link --size 64M
show mount golden.log file --size 64M
show mount golden.log file/below --size 64M
show mount golden.log full --size 64M
show mount golden.log at at --size 64M
show mount golden.log at --size 64M --to end
show mount golden.log at --size 64M --state c100.w.none
show mount golden.log at --size 64M --without 113
show mount golden.log --size 64M --to end --findings check.json
show mount golden.log --size 64M --to end --results r.db
show mount golden.log at --size 64M --results missing.db
show mount golden.log at --size 64M --findings missing.json
echo '{"log_digest": "0123456789abcdef"}' >other.json
show mount golden.log at --size 64M --findings other.json
echo '[1, 2]' >none.json
show mount golden.log at --size 64M --findings none.json
