#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every flush, mark, finding and state of a log is a file: the disk as replay makes it,
# each with writes of its own, which are forgotten when it is closed.

. "$CLI/lib.sh"

needs_root
needs e2fsck debugfs
golden_log golden.log
flags=(--size 64M --fault ignore-flush:4)
expect 1 check golden.log "${flags[@]}" --atomic write --stop-after 1 --jobs 1 \
  --results r.db --json check.json
id=$(grep -m 1 '"id":' check.json | cut -d '"' -f 4)
mkdir at mnt
serve golden.log at --size 64M --findings check.json
if [ "$disk" != at ]; then fail "it says $disk"; fi
says serve.err 'serving until Ctrl-C'

ls at
ls at/mark
ls at/finding at/state at/entry at/seq >names
says names "$id@ignore-flush:4"
if [ "$(ls at/flush | wc -l)" -ne 26 ]; then fail "flush/ has $(ls at/flush)"; fi
ls -l at/flush at/mark >names
if [ "$(grep -c ' 67108864 ' names)" -ne 40 ]; then fail "sizes: $(<names)"; fi
for name in flush/0 flush/27 flush/01 mark/f11 state/x state/c99999.w.none entry/x nothing; do
  if [ -e "at/$name" ]; then fail "there is a $name"; fi
done

# compare FILE WHERE: the file is what replay makes of that place.
compare() {
  expect 0 replay golden.log --size 64M --to "$2" -o disk.img
  cmp "at/$1" disk.img || fail "$1 is not $2"
}
compare start start
compare end end
compare flush/7 flush:7
compare mark/f3 mark:f3
compare entry/112 entry:112
compare seq/0 seq:0
# And would not be if a byte were wrong.
printf '\377' | dd of=disk.img bs=1 seek=5000000 conv=notrunc status=none
cmp -s at/seq/0 disk.img && fail "cmp sees no wrong byte"
cmp -s at/flush/6 at/flush/7 && fail "two flushes are the same"

# The states that --state serves: the finding, under its own fault, and one without.
shown=at/finding/$id@ignore-flush:4
cp "$shown" finding.img
cp "at/state/$id" sound.img 2>/dev/null && cmp -s sound.img finding.img && fail "no fault"
cp at/state/c225.w.all state.img
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code: $(<serve.err)"; fi
no_leftovers
serve golden.log "${flags[@]}" --state "$id"
cmp "$disk" finding.img || fail "the finding is another state"
kill -INT "$pid"
wait_for "$pid" 5
serve golden.log --size 64M --state c225.w.all
cmp "$disk" state.img || fail "the state is another"
kill -INT "$pid"
wait_for "$pid" 5

# Programs: each instant is a disk of its own.
serve golden.log at --size 64M --results r.db
[ -f "$shown" ] || fail "no findings of the results file: $(ls at/finding)"
e2fsck -fn at/mark/mkfs >&2 || fail "e2fsck is not content with the state after mkfs"
e2fsck -fy "$shown" >&2 && fail "e2fsck finds nothing in the finding"
# It closes and opens the file again, and what it wrote must still be there.
cmp "$shown" finding.img || fail "what e2fsck repaired is still repaired"
e2fsck -fy at/mark/f3 >&2
code=$?
if [ "$code" -gt 1 ]; then fail "e2fsck cannot replay a journal: exit code $code"; fi
compare mark/f3 mark:f3
debugfs -R 'ls -p' at/mark/f3 2>/dev/null | grep -q /f2/ || fail "debugfs sees no f2"
exec 8<>at/flush/20 9<at/flush/20
cp at/flush/21 before.img
printf X | dd of=at/flush/20 bs=1 seek=5000000 conv=notrunc status=none || fail "no write"
if [ "$(dd bs=1 skip=5000000 count=1 status=none <&9)" != X ]; then fail "no X"; fi
cmp at/flush/21 before.img || fail "another instant has the write"
exec 8>&- 9<&-
compare flush/20 flush:20
mount -o loop at/mark/f3 mnt || fail "no mount"
[ -e mnt/f2 ] || fail "no f2"
echo more >mnt/more
umount mnt
poll 5 cmp at/mark/f3 <(expect 0 replay golden.log --size 64M --to mark:f3 -o d.img && cat d.img)

# Many at once, from several programs.
for i in 1 2 3 4; do
  (for n in $(seq 26); do cksum <"at/flush/$n"; done >sums.$i) &
  sums+=($!)
done
wait "${sums[@]}"
for i in 2 3 4; do cmp sums.1 sums.$i || fail "two readers read two things"; done
if [ "$(sort -u sums.1 | wc -l)" -lt 20 ]; then fail "flushes are all the same"; fi

# Names are the log's: none comes, none goes. An unmount by hand ends it as well.
touch at/new 2>/dev/null && fail "a name was made"
rm -f at/end 2>/dev/null && fail "a name was removed"
mv at/end at/start 2>/dev/null && fail "a name was changed"
umount at || fail "no umount"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code after umount: $(<serve.err)"; fi
no_leftovers

# Read-only.
serve golden.log at --size 64M --read-only
if [ "$(stat -c %a at/end)" != 444 ]; then fail "mode $(stat -c %a at/end)"; fi
printf X 2>err >>at/end && fail "it was opened for writing"
says err 'Read-only file system'
kill -TERM "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code after SIGTERM"; fi
