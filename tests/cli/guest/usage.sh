#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be a guest is refused before anything is started.

. "$CLI/lib.sh"

show guest
show guest --frobnicate -- true
show guest --accel magic -- true
show guest --cpus 0 -- true
show guest --disk absent.img -- true
show guest --kernel absent -- true
head -c 70000 /dev/zero >zeros
show guest --kernel zeros -- true
show guest-agent
show record --on guest -- true
show record --on guest -o log --recorder magic -- true
show record --on guest -o log --image zeros -- true
