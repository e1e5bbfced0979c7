#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ext4 with data=writeback may show in a new file what a deleted one held; with data=ordered
# it may not. e2fsck is content with both.

. "$CLI/lib.sh"

needs_root
needs e2fsck mkfs.ext4
cat >workload <<'WORKLOAD'
#!/bin/bash
for i in 1 2 3 4 5 6; do "$1" stamp --length 4M --sync file old$i 2>/dev/null; done
rm old*
sync
for i in 1 2 3 4; do "$1" stamp --length 1M new$i; done
echo x >other
sync other
sync
WORKLOAD
for mode in writeback ordered; do
  expect 0 record --on loop --fs ext4 --size 32M --mount-options "data=$mode,nodelalloc" \
    -o $mode.log -- bash "$PWD/workload" "$POWERCUT"
  expect 0 check $mode.log
done
expect 1 check writeback.log --data --json report.json
says out 'stale data in /new1: data of another file'
json report.json 'all(f["probe"].startswith("data:/new") for f in findings)'
json report.json 'complete and probe_classes > 1000 and runs < 500'
line=$(grep -m 1 'reproduce: ' out)
eval "set -- ${line#*reproduce: powercut }"
expect 1 "$@"
says out 'stale data in /new1'
expect 0 check ordered.log --data --audit 0.2 --json report.json
says out 'every permitted state is clean'
json report.json 'complete and probe_classes > 1000 and audited > 0'
