#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be recorded with device-mapper is refused before anything is touched.

. "$CLI/lib.sh"

needs_root
show record --on dm
show record --on dm --device a
show record --on dm --device a --log b
show record --on dm --device a --log b --on-full wait -- true
show record --on dm --device a --log b --mount-options discard -- true
show record --on dm --device a --log b --format 3 -- true
show record --on dm --device a --log b --format 1 --observe -- true
show record --on dm --device a --device b --log c --format 1 -- true
show record --on dm --device a=x --device b=x --log c -- true
show record --on dm --device 'a=x y' --log b -- true
show record --on dm --device a --log b --size 64M -- true
show record --on loop --log b -o run.log -- true
show record --on dm --device a --log b --memory much -- true
: >file
show record --on dm --device /dev/null --log missing -- true
show record --on dm --device missing --log file -- true
