#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Power cuts during recovery. A recovery that clears its journal before what it redid is
# durable loses it when it is cut; one that does it in the right order does not.

. "$CLI/lib.sh"

needs_root
cat >workload <<'WORKLOAD'
#!/bin/bash
# Block 1 is a journal: "redo" means that block 2 must become "data". Block 0 promises it.
printf redo | dd of="$POWERCUT_DEVICE" bs=4096 seek=1 conv=notrunc,fsync status=none
printf promise | dd of="$POWERCUT_DEVICE" bs=4096 conv=notrunc,fsync status=none
"$1" mark promised
WORKLOAD
cat >recover <<'RECOVER'
#!/bin/bash
# recover DISK broken|sound
word() { dd if="$1" bs=4096 skip="$2" count=1 status=none | head -c 4; }
put() { printf "$3" | dd of="$1" bs=4096 seek="$2" conv=notrunc$4 status=none; }
if [ "$(word "$1" 1)" = redo ]; then
  if [ "$2" = sound ]; then
    put "$1" 2 data ,fsync
    put "$1" 1 done ,fsync
  else
    put "$1" 2 data
    put "$1" 1 done
    sync -d "$1"
  fi
fi
if [ "$(word "$1" 0)" = prom ] && [ "$(word "$1" 2)" != data ]; then
  echo "the promise is broken"
  exit 1
fi
RECOVER
expect 0 record --on loop --size 1M -o run.log -- bash "$PWD/workload" "$POWERCUT"

checker="command:bash $PWD/recover {}"
expect 0 check run.log --from mark:promised --checker "$checker sound" --depth 2 --json sound.json
says out 'interrupted anywhere, it ends clean'
json sound.json 'len(recoveries) == 1 and recoveries[0]["writes"] == 2'
json sound.json 'recoveries[0]["complete"] and recoveries[0]["findings"] == []'

expect 0 check run.log --from mark:promised --checker "$checker broken"
expect 1 check run.log --from mark:promised --checker "$checker broken" --depth 2 \
  --keep-recoveries kept --json broken.json
says out 'the promise is broken'
says out 'FINDINGS in 1 recovery'
json broken.json 'recoveries[0]["findings"][0]["states"] != "0"'
# What was kept tells the same without the first log; the report has the command.
line=$(grep -m 1 "reproduce: " out)
eval "set -- ${line#*reproduce: powercut }"
expect 1 "$@"
set -- kept/*.recovery.log
expect 1 check "$1" --base "${1%.recovery.log}.img" --from start --checker "$checker broken"
says out 'the promise is broken'

# A recovery that cannot be judged is not one that wrote nothing. The script counts its
# calls, and those behind the first exploration end otherwise.
cat >counted <<COUNTED
#!/bin/bash
# counted DISK: behind the call with the number in the file \`most\` it does what \`then\` says.
cd "$PWD" || exit 1
echo x >>calls
if [ "\$(wc -l <calls)" -gt "\$(<most)" ]; then . ./then; fi
exec bash recover "\$1" sound
COUNTED
counted="command:bash $PWD/counted {}"
echo 1000000 >most
expect 0 check run.log --from mark:promised --jobs 1 --checker "$counted"
wc -l <calls >most
rm calls
echo 'kill -KILL $$' >then
expect 3 check run.log --from mark:promised --jobs 1 --checker "$counted" --depth 2 \
  --json dead.json --junit dead.xml --results dead.db
says out 'NOT complete: 0 of 1, the checker could not judge'
json dead.json 'not recoveries[0]["complete"] and recoveries[0]["inconclusive"] == 1'
says dead.xml 'errors="1"'
# Nor is it an answer for the next time.
: >then
rm calls
expect 0 check run.log --from mark:promised --jobs 1 --checker "$counted" --depth 2 --results dead.db
says out 'interrupted anywhere, it ends clean'

# Ctrl-C in the midst of it leaves the rest open, and is no answer either.
cat >then <<'THEN'
kill -INT "$(<pid)"
sleep 2
THEN
rm calls
(
  echo "$BASHPID" >pid
  exec "$POWERCUT" check run.log --from mark:promised --jobs 1 --checker "$counted" --depth 2 \
    --results cut.db
) >out 2>err &
wait_for $! 20
if [ "$code" -ne 130 ]; then fail "exit $code: $(cat out err)"; fi
says out 'NOT complete: 0 of 1'
: >then
expect 0 check --resume cut.db
says out 'interrupted anywhere, it ends clean'
expect 0 check run.log --from mark:promised --jobs 1 --checker "$counted" --depth 2 --results cut.db
says out 'nothing was run'

# e2fsck may be cut anywhere.
needs e2fsck mkfs.ext4
expect 0 record --on loop --fs ext4 --size 32M -o ext4.log -- \
  sh -c 'for i in 1 2 3 4; do echo $i >f$i; sync f$i; done; mkdir d; mv f1 d; sync'
expect 0 check ext4.log --depth 2 --json ext4.json
json ext4.json 'len(recoveries) > 3 and all(r["complete"] for r in recoveries if r["writes"])'
json ext4.json 'sum(r["writes"] for r in recoveries) > 10'
expect 2 check ext4.log --depth 3
says err 'cannot check to depth 3'
expect 2 check ext4.log --depth 2 --state c1.4096.all
says err '--state does not go with --depth 2'
expect 2 check ext4.log --cross-check --mutate-flushes
says err '--mutate-flushes does not go with --cross-check'
expect 2 check ext4.log --keep-recoveries here
says err '--keep-recoveries without --depth 2'
expect 2 check ext4.log --data --checker 'command:true {}'
says err 'does not read what files hold'
expect 2 check ext4.log --cross-check --checker 'command:e2fsck -fy {}' --clean-exit 0,1 --mount here
says err 'no other recovery to compare'
