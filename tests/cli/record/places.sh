#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No file that a recording reads or keeps takes the place of another, and what is wrong with
# the disk is said before anything is written.

. "$CLI/lib.sh"

needs_root
head -c 1M /dev/urandom >image
cp image before
ln -s image link
loop=(record --on loop)
show "${loop[@]}" --image image --keep-image image -o r.log -- true
show "${loop[@]}" --image image --keep-image ./link -o r.log -- true
show "${loop[@]}" --image image -o image -- true
show "${loop[@]}" --size 1M --keep-image same -o same -- true
head -c 1000 before >odd
cp odd keep
show "${loop[@]}" --image odd --keep-image keep --block-size 4096 -o r.log -- true
cmp image before || fail "the image was changed"
cmp odd keep || fail "what was to be replaced was changed"
if [ -e same ] || [ -e r.log ]; then fail "something was written"; fi
# What would be without effect.
show "${loop[@]}" --image image --size 5M -o r.log -- true
show "${loop[@]}" --image image --fs ext4 --mkfs-options '-b 1024' -o r.log -- true
show "${loop[@]}" --mkfs-options '-b 1024' -o r.log -- true
show "${loop[@]}" --image image --mount-options noatime -o r.log -- true
show doctor --clean --json j.json
