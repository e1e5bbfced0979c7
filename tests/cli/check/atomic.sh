#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sectors that land one by one are more states: all are decided, a torn superblock is found.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
# The superblock of 1 KiB blocks is two sectors with one checksum: torn, it is rejected.
expect 1 check golden.log --size 64M --atomic 512 --json report.json
says out 'Superblock checksum does not match superblock'
silent_on out 'is clean'
json report.json 'complete and atomic_unit == 512 and len(findings) > 0'
json report.json 'all("uperblock" in f["summary"] for f in findings)'
json report.json 'int(states_permitted) > 67800106 and states_decided == states_permitted'
expect 0 check golden.log --size 64M --atomic 1024 --json report.json
says out 'every permitted state is clean'
json report.json 'complete and atomic_unit == 1024 and findings == []'
json report.json 'int(states_permitted) > 67800106 and states_decided == states_permitted'
