#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A finding that can be sent away: the images show the fault without log and powercut, and
# the case of xfstests fails on the failing one and passes on the sound one.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
expect 0 explain golden.log --state c258.w.none+118 --size 64M --fault ignore-flush:4 --jobs 1 \
  --export out.d
for file in README.md case case.out explanation.json explanation.txt failing.img log.txt \
  sound.img; do
  if [ ! -s "out.d/$file" ]; then fail "no $file"; fi
done
says out.d/log.txt 'write dev 0 offset 4475904 length 1024 META'
says out.d/explanation.txt 'holds: directory /'
if [ "$(du -k out.d/failing.img | cut -f1)" -gt 16384 ]; then fail "the image is not sparse"; fi

# What xfstests gives a case, as far as this one asks: a device, mounts of it, a check.
mkdir -p common
cat >common/preamble <<'PREAMBLE'
_begin_fstest() { seqres=$PWD/seq; : >$seqres.full; }
_require_scratch_nocheck() { :; }
_require_scratch_size() { [ "$1" -eq 65536 ] || _fail "size $1"; }
_notrun() { echo "not run: $*"; exit 5; }
_fail() { echo "$*"; exit 1; }
_scratch_mount() { "$POWERCUT_TEST_MOUNT" || _fail "mount failed"; }
_scratch_unmount() { :; }
_check_scratch_fs() { e2fsck -fn "$SCRATCH_DEV" >>$seqres.full 2>&1 || _fail "inconsistent"; }
PREAMBLE
: >common/filter
# Mounting replays the journal; e2fsck can do that without a mount.
cat >mount.sh <<'MOUNT'
#!/bin/bash
e2fsck -y -E journal_only "$SCRATCH_DEV" >/dev/null 2>&1
[ $? -le 1 ]
MOUNT
chmod +x mount.sh
export SCRATCH_DEV=$PWD/scratch.img POWERCUT_TEST_MOUNT=$PWD/mount.sh
truncate -s 64M scratch.img
POWERCUT_IMAGE=$PWD/out.d/failing.img out.d/case >said && fail "the case passes on the failing image"
says said inconsistent
POWERCUT_IMAGE=$PWD/out.d/sound.img out.d/case >said || fail "the case fails on the sound image"
says said 'Silence is golden'
POWERCUT_IMAGE=$PWD/nothing out.d/case >said && fail "the case passes without an image"
says said 'not run'

needs qemu-img
expect 0 explain golden.log --state c258.w.none+118 --size 64M --fault ignore-flush:4 --jobs 1 \
  --export qcow.d --qcow2
qemu-img compare -q qcow.d/failing.qcow2 out.d/failing.img || fail "the qcow2 is another image"
if [ -e qcow.d/failing.img ]; then fail "the raw image was left"; fi
