#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be run, workloads that fail or hang, and Ctrl-C.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck unshare mount
printf '%s\n' 'about no such operation' 'fs ext4' 'workload {' '  creat foo' '  fsyn foo' '}' \
  >unknown.scenario
show run unknown.scenario
printf '%s\n' 'fs ext5' 'workload {' '  creat foo' '}' >ext5.scenario
show run ext5.scenario
printf '%s\n' 'fs ext4' 'mkfs -O nosuchfeature' 'workload {' '  creat foo' '}' >mkfs.scenario
expect 3 run mkfs.scenario
says out 'BROKEN  mkfs  mkfs.ext4 -O nosuchfeature refuses a disk of 67108864 bytes'
printf '%s\n' 'fs ext4' 'mount nosuchoption' 'workload {' '  creat foo' '}' >mount.scenario
expect 3 run mount.scenario
says out 'BROKEN  mount  the workload did not begin: '
cat >sound.scenario <<'SCENARIO'
fs ext4
workload {
  creat foo
  fsync foo
}
SCENARIO
expect 2 run sound.scenario --on moon
says err "workloads cannot be performed on 'moon'"
says err 'hint: --on is loop or guest'
show run sound.scenario --mount there
show run sound.scenario --repeat 0
show run sound.scenario --jobs 0
show run sound.scenario --timeout 0
show run sound.scenario --time nan
show run sound.scenario --fs nosuchfs
expect 3 run sound.scenario --fs none
says out "BROKEN  sound  sound:3: 'creat foo' on a raw disk"

echo "What is missing skips:"
# hidden COMMAND...: runs it where mkfs.ext4 is nowhere to be found, whatever PATH says.
hidden() {
  unshare --mount bash -c '
    for path in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
      if [ -e "$path/mkfs.ext4" ]; then mount --bind /dev/null "$path/mkfs.ext4" || exit 99; fi
    done
    exec "$@"' hidden "$@"
}
hidden "$POWERCUT" run sound.scenario >out 2>err
echo "exit $?"
told out
printf '%s\n' 'needs no-such-program-of-all' 'fs ext4' 'workload {' '  creat foo' '}' \
  >needs.scenario
"$POWERCUT" run needs.scenario >out 2>err
echo "exit $?"
told out
# One that runs is enough for an exit code of its own.
expect 0 run needs.scenario sound.scenario

echo "A workload that fails half-way:"
cat >full.scenario <<'SCENARIO'
fs ext4
workload {
  creat foo
  append foo 8K
  fsync foo
  falloc foo allocate 0 1G
  creat bar
  fsync bar
}
SCENARIO
expect 3 run full.scenario --keep kept
told out
expect 0 log info kept/full.log --base kept/full.base --json -
json out '[m.split(" ")[0] for m in marks] == ["begin", "ack", "failed", "end"]'
expect 0 check kept/full.log --base kept/full.base --scenario kept/full.scenario
says out 'every permitted state is clean'
# What was lost until then is told with it.
sed 's/^fs ext4/&\nfault ignore-flush:all/' full.scenario >full-and-lost.scenario
expect 3 run full-and-lost.scenario --keep kept
says out 'BROKEN  full-and-lost  the workload failed: '
says out 'No space left on device; of what was recorded: '
expect 1 check kept/full-and-lost.log --base kept/full-and-lost.base \
  --scenario kept/full-and-lost.scenario --stop-after 1
no_leftovers

echo "One that hangs:"
cat >hang.scenario <<'SCENARIO'
fs ext4
workload {
  creat foo
  append foo 8K
  fsync foo
  sleep 600000
}
SCENARIO
expect 3 run hang.scenario sound.scenario --timeout 2 --keep kept
told out
expect 0 check kept/hang.log --base kept/hang.base --scenario kept/hang.scenario
says out 'every permitted state is clean'
no_leftovers

echo "Scripts:"
cat >script.scenario <<'SCENARIO'
fs ext4
script {
  echo "it goes on"
  powercut mark "begin 1"
  echo hello >foo
  sync
  powercut mark "ack 1"
  LAST
}
verify {
  [ ! -e foo ] || echo "have 1"
}
SCENARIO
sed 's/LAST/echo "out of luck" >\&2; exit 7/' script.scenario >script-fails.scenario
sed 's/LAST/sleep 600/' script.scenario >script-hangs.scenario
sed -e 's/LAST//' -e '/mark/d' script.scenario >script-without-ack.scenario
sed -e 's/LAST/false/' -e '/mark/d' script.scenario >script-fails-without-ack.scenario
expect 3 run script-*.scenario --timeout 2 --keep kept
told out
for name in script-fails script-hangs; do
  expect 0 check "kept/$name.log" --base "kept/$name.base" --scenario "kept/$name.scenario"
done
no_leftovers

# Ctrl-C, while a workload is performed, and while a script is.
mounted() { cat /proc/[0-9]*/mountinfo | grep -F -- " $TMPDIR/" | grep -qF ' - ext4 '; }
for name in hang script-hangs; do
  "$POWERCUT" run "$name.scenario" sound.scenario --timeout 100 >out 2>err &
  pid=$!
  poll 20 mounted
  kill -INT "$pid"
  wait_for "$pid" 10
  if [ "$code" -ne 130 ]; then fail "exit $code: $(cat out err)"; fi
  says out 'interrupted: the rest was not run'
  silent_on out 'sound'
  no_leftovers
done
# And while states are judged.
sed 's/^fs ext4/&\nfault ignore-flush:all\natomic 512/' full.scenario | sed /falloc/d >many.scenario
rm out
"$POWERCUT" run many.scenario --repeat 1000 --jobs 2 --json run.json >out 2>err &
pid=$!
poll 20 test -s out
kill -INT "$pid"
wait_for "$pid" 10
if [ "$code" -ne 130 ]; then fail "exit $code: $(cat out err)"; fi
json run.json 'interrupted and 0 < len(scenarios) < 1000'
no_leftovers
"$POWERCUT" doctor --json doctor.json >out
json doctor.json "all('$TMPDIR' not in str(l) for l in leftovers)"
