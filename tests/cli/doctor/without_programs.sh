#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is missing is said, with what to install; the doctor itself is well.

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
hidden "$POWERCUT" doctor >out 2>err
code=$?
if [ "$code" -ne 0 ]; then fail "exit $code"; fi
grep -q '^no   e2fsck' out || fail "e2fsck is not missed"
says out 'hint: install e2fsprogs'
hidden "$POWERCUT" doctor --json - >report.json
json report.json '[f["works"] for f in facts if f["name"] == "e2fsck"] == [False]'
