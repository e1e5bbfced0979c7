#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as JSON, on stdout or in a file.

. "$CLI/lib.sh"

expect 0 doctor --json -
cp out one.json
expect 0 doctor --json two.json
cmp one.json two.json || fail "the two differ"
json one.json '{"kernel", "root", "fuse", "loop", "e2fsck"} <= {f["name"] for f in facts}'
json one.json 'all(set(f) == {"name", "works", "detail", "hint"} for f in facts)'
json one.json '"ext4" in checkers and isinstance(leftovers, list)'
expect 3 doctor --json no/such/directory/report.json
