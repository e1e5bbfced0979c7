#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several devices: each command takes one by its name or number, with a path or without; and
# a discard that the model keeps is not told as durable.

. "$CLI/lib.sh"

if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi

expect 0 model clone -o clone.log
show shell clone.log --eval 'goto end; ls of 1'
show shell clone.log --eval 'goto end; ls / of 7'
for block in 'block 2 of 1' '2 of 1' 'of block 2 of dest' 'of 2 of 1'; do
  expect 0 shell clone.log --eval "goto end; history $block"
  says out ' durable '
  if [ -e first ]; then cmp out first || fail "history $block is another"; fi
  cp out first
done
needs_root
needs mkfs.ext4
expect 0 record --on loop --fs ext4 --size 16M -o run.log -- true
expect 0 shell run.log --discard keep --eval 'goto mark mkfs; history of block 0'
grep -q ' discard .* no effect' out || fail "$(<out)"
expect 0 shell run.log --discard zero --eval 'goto mark mkfs; history of block 0'
grep -q ' discard .* durable' out || fail "$(<out)"
