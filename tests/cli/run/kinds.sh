#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A script and a workload on equal disks, with the same checker, one after the other: each
# is recorded and judged in its own way.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck python3
mkdir kinds
cat >kinds/1-script.scenario <<'END'
about a script that only the checker judges
fs ext4
checker ext4
expect clean
script {
  echo one >one
  sync -f .
}
END
cat >kinds/2-workload.scenario <<'END'
about a workload on an equal disk
fs ext4
checker ext4
expect clean
workload {
  creat f
  write f 0 8K
  fsync f
}
END
"$POWERCUT" run kinds --json run.json >out 2>err || fail "exit $?: $(cat out err)"
json run.json 'as_expected == 2'
json run.json '[s["acknowledgements"] for s in scenarios] == [0, 1]'
