#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A bound on the runs ends early and never claims that every state is clean.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 0 check golden.log --size 64M --atomic write --max-runs 5 --json report.json
silent_on out 'every permitted state'
says out 'NOT complete'
says out '--max-runs was reached'
json report.json 'not complete and ended == "max-runs" and runs <= 5'
json report.json '0 < int(states_decided) < int(states_permitted)'
