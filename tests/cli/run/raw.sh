#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Workloads on the raw disk: what was acknowledged and is missing is named with its write,
# a sound one is clean, and what makes no sense there is refused with its line.

. "$CLI/lib.sh"

needs_root
needs python3
cat >sound.scenario <<'SCENARIO'
fs none
workload {
  open @d disk direct
  write @d 4K 8K
  fsync @d
  write disk 64K 4K
  fsync disk
  write @d 8K 4K
  close @d
}
SCENARIO
sed 's/^fs none/&\nfault ignore-flush:all/' sound.scenario >lost.scenario

echo "A sound one, and one on a disk that ignores flushes:"
expect 0 run sound.scenario --json sound.json
told out
json sound.json 'scenarios[0]["proved"] and scenarios[0]["acknowledgements"] == 2'
expect 1 run lost.scenario --keep kept --json lost.json
told out
# Each of the three units is named with the write that it lacks, and who promised it; the
# second fsync promises what the first did.
json lost.json '{c.split(", acknowledged by")[0] for f in d["scenarios"][0]["findings"]
                 for c in f["complaints"]} == {
  "/disk has what was there before any write at 4096, and not the data of `write @d 4K 8K` (line 5)",
  "/disk has what was there before any write at 8192, and not the data of `write @d 4K 8K` (line 5)",
  "/disk has what was there before any write at 65536, and not the data of `write disk 64K 4K` (line 7)"}'
json lost.json '{c.split("acknowledged by ")[1] for f in d["scenarios"][0]["findings"]
                 for c in f["complaints"]} == {
  "`fsync @d` (line 6) [posix]", "`fsync disk` (line 8) [posix]"}'
json lost.json '(all("probe" in f and f["probe"].startswith("data:/disk+")
  for f in scenarios[0]["findings"]))'

# The kept log is judged again, each state by its id, and not without its scenario.
expect 1 check kept/lost.log --base kept/lost.base --scenario kept/lost.scenario --json check.json
json check.json 'checker == "raw" and complete'
python3 -c 'import json
for id in {f["id"] for f in json.load(open("check.json"))["findings"]}: print(id)' >ids
[ -s ids ] || fail "no state was told"
while IFS= read -r id; do
  expect 1 check kept/lost.log --base kept/lost.base --scenario kept/lost.scenario --state "$id"
  says out '/disk has what was there before any write'
done <ids
show check kept/lost.log --base kept/lost.base --from mark:begin --checker raw
show check kept/lost.log --base kept/lost.base --from mark:begin --checker raw --data

echo "Recorded otherwise:"
for name in sound lost; do
  expect 0 record --size 1M -o "$name.log" -- "$POWERCUT" perform "$PWD/$name.scenario"
done
expect 0 check sound.log --scenario sound.scenario
expect 1 check lost.log --scenario lost.scenario --stop-after 1
says out "and not the data of \`write"
show perform sound.scenario --no-marks
show perform sound.scenario --no-marks --in .

echo "What makes no sense:"
printf '%s\n' 'fs none' 'workload {' '  write disk 0 4K' '  mkdir A' '}' >mkdir.scenario
show run mkdir.scenario
printf '%s\n' 'fs none' 'workload {' '  write foo 0 4K' '}' >foo.scenario
show run foo.scenario
printf '%s\n' 'fs none' 'workload {' '  write disk 0 4K' '  write disk 1M 4K' '}' >end.scenario
expect 3 run end.scenario
told out
expect 3 run sound.scenario --fs ext4
told out
no_leftovers
