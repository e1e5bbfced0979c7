#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log of 100000 flushes is mounted and listed in seconds: nothing is built for a name.

. "$CLI/lib.sh"

needs_root
needs python3
python3 - <<'PYTHON'
import struct
# Format 1: of each hundred flushes one has a write before it, and a mark behind it.
entries = 0
with open("many.log", "wb") as log:
    def entry(sector, sectors, flags, text=b"", data=b""):
        global entries
        entries += 1
        head = struct.pack("<QQQQ", sector, sectors, flags, len(text)) + text
        log.write(head.ljust(512, b"\0") + data)
    log.seek(512)
    for i in range(100000):
        if i % 100 == 0:
            entry(i // 100, 1, 0, data=b"%08d" % i * 64)
        entry(0, 0, 1)
        if i % 100 == 0:
            entry(0, 0, 8, b"same" if i % 200 else b"m/%d" % i)
    log.seek(0)
    log.write(struct.pack("<QQQI", 0x6a736677736872, 1, entries, 512))
PYTHON
mkdir at
serve many.log at --size 1M 2>/dev/null
start=$SECONDS
ls -f at/flush | grep -c '^[0-9]'
if [ "$(ls at/flush | sort -n | tail -n 1)" != 100000 ]; then fail "the last is not there"; fi
if [ "$(ls at/flush | sort -u | wc -l)" -ne 100000 ]; then fail "a name comes twice"; fi
ls -l at/flush | grep -c ' 1048576 '
ls at/mark | wc -l
ls at/mark | sort -V | tail -n 2
if [ $((SECONDS - start)) -gt 60 ]; then fail "listing took $((SECONDS - start)) s"; fi
expect 0 replay many.log --size 1M --to flush:55555 -o disk.img
cmp at/flush/55555 disk.img || fail "flush/55555 is not the replayed one"
cmp -s at/flush/55555 at/flush/55700 && fail "two flushes are the same"
# Many open at once; of those that are closed nothing is kept.
python3 - <<'PYTHON' || fail "many files at once"
import os
files = [os.open(f"at/flush/{n}", os.O_RDWR) for n in range(1, 100001, 500)]
for n, fd in enumerate(files):
    os.pwrite(fd, b"%08d" % n, 8192)
for n, fd in enumerate(files):
    assert os.pread(fd, 8, 8192) == b"%08d" % n
    os.close(fd)
PYTHON
grep -q . at/flush/501
expect 0 replay many.log --size 1M --to flush:501 -o disk.img
cmp at/flush/501 disk.img || fail "what was written outlived its writer"
memory=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
if [ "$memory" -gt 400000 ]; then fail "it took $memory KiB"; fi
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 0 ]; then fail "exit $code: $(<serve.err)"; fi
