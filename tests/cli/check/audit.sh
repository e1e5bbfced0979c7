#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every closed class is run for real, and agrees.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 0 check golden.log --size 64M --atomic write --audit 1 --json report.json
says out 'run for real, all agree'
json report.json 'complete and audited > 0 and findings == []'
expect 0 check golden.log --size 64M --atomic write --audit 0 --json report.json
json report.json 'complete and audited == 0'
