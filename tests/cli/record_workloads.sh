#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Records many kinds of workload and checks of each that the log says what is on the disk:
# `log verify --device` compares a full replay with the disk's final bytes, so a write that
# went past the recorder shows. ext4 is then checked, as far as 200 runs go: ext4 on a sound
# device has no findings, unless it was told to send no flush. Prints a line a workload;
# at the end, what was wrong.
#
#   record_workloads.sh [NAME...]     all, or those whose name contains one of these
#
# Needs root and programs that are not everywhere: a workload without its program is told
# as skipped. SEED chooses the random operations, and is printed.

set -u

cli=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/cli/leftovers.sh
. "$cli/leftovers.sh"
POWERCUT=$(realpath "${POWERCUT:-$cli/../../build/release/bin/powercut}")
export POWERCUT
export SEED=${SEED:-1}
if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/fuse ] || [ ! -c /dev/loop-control ]; then
  echo "skipped: needs root, /dev/fuse and /dev/loop-control" >&2
  exit 77
fi
scratch=$(mktemp -d /tmp/cli-workloads.XXXXXX) || exit 2
mkdir "$scratch/tmp" "$scratch/work" "$scratch/tools"
export TMPDIR=$scratch/tmp
cd "$scratch/work" || exit 2
wanted=("$@")
failed=0
equal=0
skipped=0

# The random operations of an fsstress, each with a seed of its own.
cat >../tools/churn.py <<'PYTHON'
import ctypes, os, random, sys
libc = ctypes.CDLL(None, use_errno=True)
KEEP_SIZE, PUNCH, COLLAPSE, ZERO = 1, 2, 8, 16
random.seed(int(sys.argv[1]))
names = ["n%d" % i for i in range(24)] + ["d%d/n%d" % (i % 3, i) for i in range(12)]
for i in range(3):
    os.makedirs("d%d" % i, exist_ok=True)

def fallocate(fd, mode, offset, length):
    libc.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length))

def write(name):
    with open(name, "ab") as file:
        file.write(random.randbytes(random.randrange(1, 40000)))

def overwrite(name):
    with open(name, "r+b") as file:
        file.seek(random.randrange(0, 60000))
        file.write(random.randbytes(random.randrange(1, 9000)))

def allocate(name):
    with open(name, "r+b") as file:
        mode = random.choice([0, KEEP_SIZE, KEEP_SIZE | PUNCH, ZERO, KEEP_SIZE | ZERO, COLLAPSE])
        block = 4096
        fallocate(file.fileno(), mode, random.randrange(8) * block, random.randrange(1, 6) * block)

def sync(name):
    with open(name, "rb") as file:
        random.choice([os.fsync, os.fdatasync])(file.fileno())

operations = [
    (8, write), (4, overwrite), (4, allocate), (3, sync), (3, os.unlink),
    (3, lambda n: os.rename(n, random.choice(names))),
    (2, lambda n: os.link(n, random.choice(names))),
    (2, lambda n: os.symlink("target of " + n, random.choice(names))),
    (2, lambda n: os.truncate(n, random.randrange(0, 80000))),
    (1, lambda n: os.setxattr(n, "user.x", random.randbytes(random.randrange(1, 200)))),
    (1, lambda n: os.chmod(n, random.randrange(0o400, 0o777))),
    (1, lambda n: os.sync()),
]
weights = [w for w, _ in operations]
for _ in range(int(sys.argv[2])):
    operation = random.choices([o for _, o in operations], weights)[0]
    try:
        operation(random.choice(names))
    except OSError:
        pass
PYTHON

# What a workload's shell can call.
cat >../tools/tools.sh <<'TOOLS'
set -u
fio_job() {
  fio --name=job --size=2M --thread --minimal --randseed="$SEED" --fallocate=none \
    --output=/dev/null "$@"
}
churn() { python3 "$SCRATCH/tools/churn.py" "$SEED" "${1:-250}"; }
files() {
  # files COUNT KIB: so many files of so many KiB, with contents that differ.
  local i
  for ((i = 0; i < $1; i++)); do head -c "$2"K /dev/urandom >"f$i"; done
}
TOOLS
export SCRATCH=$scratch

wrong() {
  echo "   WRONG: $*"
  failed=$((failed + 1))
  this_failed=yes
}

# workload NAME NEEDS "RECORD OPTIONS" COMMANDS: NEEDS is a list of programs.
workload() {
  local name=$1 program
  local -a options
  if [ "${#wanted[@]}" -gt 0 ]; then
    local match=no word
    for word in "${wanted[@]}"; do
      case $name in *"$word"*) match=yes ;; esac
    done
    if [ "$match" = no ]; then return; fi
  fi
  for program in $2; do
    if [ -z "$(type -P "$program")" ]; then
      printf '%-24s skipped: no %s\n' "$name" "$program"
      skipped=$((skipped + 1))
      return
    fi
  done
  eval "options=($3)"
  this_failed=no
  local log=$name.log image=$name.img begin code told
  begin=$(date +%s%N)
  "$POWERCUT" record --on loop --keep-image "$image" -o "$log" "${options[@]}" -- \
    bash -c ". '$scratch/tools/tools.sh'; $4" >"$name.out" 2>&1
  code=$?
  if [ "$code" -ne 0 ]; then
    printf '%-24s record: exit %s\n' "$name" "$code"
    tail -n 5 "$name.out"
    wrong "$name was not recorded"
    return
  fi
  "$POWERCUT" log verify "$log" --device "$image" >"$name.verify" 2>&1
  code=$?
  told=$(sed -n 's/^log .* \([0-9]*\) entries,.*/\1/p' "$name.verify")
  if [ "$code" -eq 0 ] && grep -q 'equal to the end of the log' "$name.verify"; then
    told="$told events, equal"
    equal=$((equal + 1))
  else
    told="$told events, NOT EQUAL"
    wrong "$name: $(tail -n 1 "$name.verify")"
  fi
  case $3 in
    *'has_journal'*) ;;  # promises nothing
    *'--fs ext4'*) told="$told, $(check_ext4 "$name" "$log")" ;;
  esac
  printf '%-24s %s (%s ms)\n' "$name" "$told" $((($(date +%s%N) - begin) / 1000000))
  case $name,$told in
    nobarrier,*FINDINGS) ;;  # ext4 was told to send no flush: that must be found
    nobarrier,*) wrong "$name: nothing was found" ;;
    *FINDINGS | *UNDECIDED)
      cat "$name.check"
      wrong "$name: ext4 on a sound device"
      ;;
  esac
  if [ "$this_failed" = no ]; then rm -f "$name".*; fi
}

check_ext4() {
  "$POWERCUT" check "$2" --atomic write --max-runs 200 --json "$1.json" >"$1.check" 2>&1
  case $? in
    0) sed -n 's/^decided  *\(.*\)/\1/p' "$1.check" ;;
    1) echo FINDINGS ;;
    *) echo UNDECIDED ;;
  esac
}

echo "seed $SEED"
ext4='--fs ext4 --size 64M'
workload fio-buffered fio "$ext4" \
  'fio_job --rw=randwrite --bs=4k --fsync=16 --io_size=1M; fio_job --rw=randwrite --bs=16k --end_fsync=1'
workload fio-direct-libaio fio "$ext4" \
  'fio_job --ioengine=libaio --iodepth=8 --direct=1 --rw=randwrite --bs=4k --fdatasync=32'
workload fio-mmap fio "$ext4" 'fio_job --ioengine=mmap --rw=randwrite --bs=4k --fsync=64'
workload fio-odd-blocks fio "$ext4 --block-size 512" \
  'fio_job --rw=randwrite --bsrange=512-5k --bs_unaligned --fsync=32 --io_size=512k;
   fio_job --ioengine=libaio --direct=1 --rw=randwrite --bs=512 --iodepth=4 --io_size=256k'
workload churn python3 "$ext4" 'churn'
workload fstrim fstrim "$ext4" 'files 20 64; sync; rm -f f1*; sync; fstrim -v .; files 5 128; sync'
workload discard-mount '' "$ext4 --mount-options discard" \
  'files 20 64; sync; rm -f f1*; sync; files 5 128; sync; rm -f *; sync'
workload blocks-1k python3 "$ext4 --block-size 512 --mkfs-options '-b 1024'" 'churn 150'
workload blocks-4k python3 "$ext4 --mkfs-options '-b 4096'" 'churn 150'
workload sectors-4k python3 "$ext4 --block-size 4096" 'churn 150'
workload ext2 'mkfs.ext2 python3' '--fs ext2 --size 64M' 'churn 150 && sync'
workload no-journal python3 "--size 64M --fs ext4 --mkfs-options '-O ^has_journal'" 'churn 150 && sync'
workload data-journal python3 "$ext4 --mount-options data=journal" 'churn 150 && sync'
workload data-writeback python3 "$ext4 --mount-options data=writeback" 'churn 150 && sync'
workload xfs 'mkfs.xfs python3' '--fs xfs --size 320M' 'churn 300 && sync && fstrim .'
workload btrfs 'mkfs.btrfs python3' '--fs btrfs --size 128M' 'churn 300 && sync && fstrim .'
if grep -qw vfat /proc/filesystems; then
  workload vfat mkfs.vfat '--fs vfat --size 64M' 'files 20 16; sync; mv f1 g1; rm f2; sync'
else
  echo 'vfat                 skipped: this kernel has no vfat'
  skipped=$((skipped + 1))
fi
workload raw-device blkdiscard '--size 16M' \
  'dd if=/dev/urandom of="$POWERCUT_DEVICE" bs=64k count=32 oflag=direct,dsync status=none
   dd if=/dev/urandom of="$POWERCUT_DEVICE" bs=512 seek=77 count=50 oflag=direct status=none
   dd if=/dev/urandom of="$POWERCUT_DEVICE" bs=1M seek=4 count=4 conv=fsync status=none
   blkdiscard -o 1M -l 3M "$POWERCUT_DEVICE"; blkdiscard -z -o 5M -l 1M "$POWERCUT_DEVICE"
   dd if=/dev/urandom of="$POWERCUT_DEVICE" bs=4k seek=300 count=9 status=none'
workload large-dsync '' "$ext4" \
  'dd if=/dev/urandom of=big bs=256k count=64 oflag=dsync status=none
   dd if=/dev/urandom of=big bs=64k count=32 oflag=direct,dsync conv=notrunc status=none'
workload small-files '' "$ext4" \
  'for d in 1 2 3 4; do mkdir d$d; cd d$d; for i in {1..60}; do echo $i >s$i; done; sync; cd ..; done'
workload nobarrier '' "$ext4 --mount-options nobarrier" 'files 10 32; sync; mv f1 g1; files 5 8; sync'
workload tree tar "$ext4" \
  'mkdir a; cd a; for i in {1..12}; do mkdir -p p$i/q/r; files 3 4; mv f* p$i/q/r; ln -s q p$i/l; done
   cd ..; tar cf t.tar a; mkdir b; tar xf t.tar -C b; sync; rm -r a; sync'
workload fills-up '' '--fs ext4 --size 16M' \
  'dd if=/dev/urandom of=big bs=64k status=none 2>/dev/null; sync; rm big; files 5 16; sync'
workload snapshot-mmap-copy python3 "$ext4" \
  'python3 - <<END
import mmap, os
with open("m", "wb") as f: f.truncate(1 << 20)
with open("m", "r+b") as f:
    m = mmap.mmap(f.fileno(), 0)
    for i in range(200):
        m[(i * 7919 * 4) % (1 << 20)] = i % 251
        if i % 20 == 0: m.flush()
    m.flush()
os.sync()
END'

left=$(leftovers "$scratch")
if [ -n "$left" ]; then wrong "left behind: $left"; fi
echo "$equal equal, $skipped skipped, $failed wrong"
if [ "$equal" -eq 0 ]; then wrong "nothing was recorded"; fi
if [ "$failed" -gt 0 ]; then
  echo "FAILED with seed $SEED, kept $scratch" >&2
  exit 1
fi
cd / && rm -rf --one-file-system "$scratch"
