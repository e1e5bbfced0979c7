#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Scenarios performed by a guest's kernel, which the report names, and judged there.

. "$CLI/lib.sh"

needs_root
needs_guest
needs mkfs.ext4 e2fsck mkfs.btrfs btrfs
expect 0 run pairs/ext4-writeback-stale-broken crashmonkey/new-04-btrfs-renamed-directory \
  --on guest --keep kept --keep-all --json run.json
told out
kernel=$("$POWERCUT" guest -- uname -r 2>/dev/null) || fail "no guest says its kernel"
json run.json 'all("'"$kernel"'" in s["kernel"] for s in scenarios)'
json run.json '[s["finding_expected"] for s in scenarios] == [True, False]'
json run.json 'scenarios[1]["proved"] and scenarios[1]["acknowledgements"] > 0'
log=kept/ext4-writeback-stale-broken
expect 1 check $log.log --base $log.base --scenario $log.scenario --stop-after 1
says out 'stale block'
# A script has no guest to run in yet: it is skipped, and said why.
"$POWERCUT" run applications/updater-file-fsync-sound --on guest >out 2>err
code=$?
if [ "$code" -ne 77 ]; then fail "exit $code: $(cat out err)"; fi
says out 'scripts run on loop only'
# What is in flight when a flush is sent is in flight there too, and nobody waits for it.
expect 0 run pairs/order-flush-too-early-{broken,sound} --on guest --repeat 2 --json order.json
json order.json '[len(s["findings"]) > 0 for s in scenarios] == [True, False] * 2'
