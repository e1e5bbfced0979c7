#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without e2fsck no journal is replayed: what is missed is told all the same, and the
# report says that what lies there may be out of date.

# shellcheck source=tests/cli/audit_lists.sh
. "$CLI/audit_lists.sh"

needs_root
needs unshare mount
list ranges 191 199 1024 >journal.txt
unshare --mount bash -c '
  for path in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
    if [ -e "$path/e2fsck" ]; then mount --bind /dev/null "$path/e2fsck" || exit 99; fi
  done
  exec "$@"' hidden "$POWERCUT" audit changes golden.log --size 64M --from f5 --to f6 \
  --changed journal.txt >out 2>err
code=$?
if [ "$code" -ne 1 ]; then fail "exit $code"; fi
grep '^note  *what lies where' out
says out 'result   MISSED 7 KiB of 15 KiB'
says out 'directory /'
silent_on out 'file /f6'
