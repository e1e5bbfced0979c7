#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# As the workload of a recording, perform does what the file says and marks it in the log.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4
cat >some.ops <<'OPERATIONS'
mkdir d
touch d/f
write d/f 0 10000
fsync d/f
mark half way
rename d/f g
fsync /
OPERATIONS
expect 0 record --on loop --fs ext4 --size 64M -o run.log -- "$POWERCUT" perform "$PWD/some.ops"
expect 0 log info run.log --json -
json out '[m.split(" ")[0] for m in marks] == ["mkfs", "begin", "ack", "half", "ack",
          "operations-done", "end"]'
json out 'marks[2].startswith("ack 3 0:") and " 1:" in marks[2] and marks[4] == "ack 6"'

# What fails is told with its line; the log has it, and nothing after.
{
  echo 'about a failure'
  echo 'fs ext4'
  echo 'workload {'
  echo '  mkdir d'
  echo '  rmdir e'
  echo '  mkdir f'
  echo '}'
} >bad.scenario
expect 3 record --on loop --fs ext4 --size 64M -o bad.log -- "$POWERCUT" perform "$PWD/bad.scenario"
says err 'bad.scenario:5: rmdir e: No such file or directory'
expect 0 log info bad.log --json -
json out '[m.split(" ")[0] for m in marks] == ["mkfs", "begin", "failed", "end"]'
json out 'marks[2].startswith("failed 1 2 0:")'

# A mark that the log refuses ends it: there is no room for two thousand.
small_disk small 6M
for ((i = 0; i < 2000; i++)); do echo "mark m$i"; done >marks.ops
# shellcheck disable=SC2016  # for the inner shell
expect 3 record --on loop --fs ext4 --size 64M -o small/run.log -- \
  bash -c '"$0" perform "$1"; echo "perform: $?" >"$2"' "$POWERCUT" "$PWD/marks.ops" "$PWD/code"
says code 'perform: 3'
