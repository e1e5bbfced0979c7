#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a log says of marks and names does nothing to a terminal.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
expect 0 record --on loop --fs ext4 --size 32M -o run.log -- bash -c '
  echo x >"$(printf "a\033[2Jb\nc")"
  sync
  "$0" mark "$(printf "evil\033[31m\nmark")"' "$POWERCUT"
expect 0 shell run.log --eval 'marks; goto mark end; prev mark; goto end; ls'
if LC_ALL=C grep -q "$(printf '\033')" out; then fail "an escape came through"; fi
says out 'evil\x1b[31m\x0amark'
says out 'a\x1b[2Jb\x0ac'
# It can be named all the same, and what is not there is not repeated raw.
expect 0 shell run.log --eval "goto mark '$(printf 'evil\033[31m\nmark')'"
says out 'mark evil\x1b[31m\x0amark (cut'
expect 2 shell run.log --eval "cat '$(printf '\033[2J')'"
expect 2 shell run.log --eval "goto mark '$(printf '\033[2J')'"
if LC_ALL=C grep -q "$(printf '\033')" err; then fail "an escape came through"; fi
