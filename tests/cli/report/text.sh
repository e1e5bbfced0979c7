#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The timeline in a terminal: ASCII and UTF-8, of one device and of two.

. "$CLI/lib.sh"

golden_log golden.log
show report golden.log --size 64M --from mark:f8 --to mark:f10 --text --ascii
show report golden.log --size 64M --from mark:f9 --text
expect 0 model clone --fault -o clone.log
export COLUMNS=60
show report clone.log --text
export COLUMNS=wide
show report clone.log --text --ascii --to mark:nowhere
show report clone.log --text --ascii --to start
