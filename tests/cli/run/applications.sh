#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A database that does not wait for its disk loses what it acknowledged; one that waits
# does not. Its scripts find `powercut mark` wherever this program lies.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck sqlite3 debugfs
# However it is called.
cp "$POWERCUT" other-name
POWERCUT=$PWD/other-name
expect 0 run applications/sqlite-wal-off-broken applications/sqlite-wal-off-sound \
  --json run.json --keep kept --keep-all
told out
json run.json '"was acknowledged and is not there" in d["scenarios"][0]["why"]'
json run.json 'd["scenarios"][1]["proved"] and d["scenarios"][1]["acknowledgements"] == 8'
# What the scripts print is not among what we print.
if grep -qx wal out err; then fail "they print among what we print"; fi
expect 1 check kept/sqlite-wal-off-broken.log --base kept/sqlite-wal-off-broken.base \
  --scenario kept/sqlite-wal-off-broken.scenario --stop-after 1
says out 'was acknowledged and is not there'
expect 0 check kept/sqlite-wal-off-sound.log --base kept/sqlite-wal-off-sound.base \
  --scenario kept/sqlite-wal-off-sound.scenario
says out 'every permitted state is clean'
