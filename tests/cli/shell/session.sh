#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The session that docs/shell.md shows: its commands print what it says.

. "$CLI/lib.sh"

needs_root
needs e2fsck
page=$CLI/../../docs/shell.md
# shellcheck disable=SC2016  # the marks of the page
sed -n '/^```console$/,/^```$/p' "$page" | sed '1d;$d' >session
golden_log golden.log
sed -n 's/^[^>]*)> //p' session >commands
if [ "$(wc -l <commands)" -lt 10 ]; then fail "the page has no session"; fi
# shellcheck disable=SC2046  # the line is words
expect 0 $(sed -n '1s/^\$ powercut //p' session) - <commands
# What e2fsck prints is its own.
sed -e 1d -e '/^[^>]*)> /d' -e '/^\.\.\.$/d' session >expected
sed '/^output of the checker:$/q' out | diff -u expected - >&2 || fail "the page shows something else"
# The prompt of the page is the place that was told last.
grep -qF "$(sed -n 's/^\(mark .*\)> goto mark f5$/\1/p' session)" \
  <("$POWERCUT" shell golden.log --size 64M --eval info) || fail "another place to begin with"
