#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The golden log is clean, and the certificate says of how many states.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 0 check golden.log --from mark:mkfs --size 64M --atomic write --json report.json
says out 'every permitted state is clean'
json report.json 'complete and windows == 37 and windows_decided == 37'
json report.json 'states_permitted == "67800106" and states_decided == "67800106"'
json report.json '0 < runs <= 100 and classes > 0 and findings == [] and inconclusive == 0'
json report.json 'd["from"] == "mark:mkfs" and to == "end" and seed == 1 and log_format == 1'
json report.json 'ended == "decided" and fault == "none" and atomic_unit == "write"'
# The place is the default one, and stdout is the place for "-".
expect 0 check golden.log --size 64M --atomic write --json -
cp out default.json
json default.json 'complete and states_permitted == "67800106"'
