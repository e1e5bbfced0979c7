#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without e2fsck the ext4 checker says what to install, and no state is judged.

. "$CLI/lib.sh"

needs_root
needs unshare mount
# hidden COMMAND...: runs it where e2fsck is nowhere to be found, whatever PATH says.
hidden() {
  unshare --mount bash -c '
    for path in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
      if [ -e "$path/e2fsck" ]; then mount --bind /dev/null "$path/e2fsck" || exit 99; fi
    done
    exec "$@"' hidden "$@"
}
golden_log golden.log
hidden "$POWERCUT" check golden.log --size 64M --atomic write >out 2>err
code=$?
if [ "$code" -ne 3 ]; then fail "exit $code"; fi
cat err out
# The system's own directories are searched even where PATH leaves them out.
mkdir empty
PATH=$PWD/empty "$POWERCUT" check golden.log --size 64M --atomic write --to mark:f1 >out 2>err
code=$?
if [ "$code" -ne 0 ]; then fail "exit $code"; fi
