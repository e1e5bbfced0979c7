#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fields that lie are refused with a message: no crash, no endless run, no huge memory.

. "$CLI/lib.sh"

golden_log golden.log
needs python3
python3 - <<'PYTHON'
import random, struct
log = bytearray(open("golden.log", "rb").read())
def variant(name, changes):
    data = bytearray(log)
    for at, value in changes:
        data[at:at + len(value)] = value
    open(name, "wb").write(data)
variant("version.log", [(8, struct.pack("<Q", 99))])
variant("entries.log", [(16, struct.pack("<Q", 2**63))])
variant("fewer.log", [(16, struct.pack("<Q", 10))])
variant("sector_zero.log", [(24, struct.pack("<I", 0))])
variant("sector_huge.log", [(24, struct.pack("<I", 2**31))])
variant("sector_odd.log", [(24, struct.pack("<I", 513))])
variant("length.log", [(512 * 5 + 8, struct.pack("<Q", 2**60))])
variant("place.log", [(512 * 5, struct.pack("<Q", 2**62))])
variant("flags.log", [(512 * 5 + 16, struct.pack("<Q", 2**64 - 1))])
variant("data_len.log", [(512 * 1 + 24, struct.pack("<Q", 2**64 - 1))])
random.seed(1)
for number in range(20):
    variant(f"noise{number}.log",
            [(random.randrange(0, 8192), bytes([random.randrange(256)])) for _ in range(4)])
PYTHON
ulimit -v 4000000
for log in version entries fewer sector_zero sector_huge sector_odd length place flags \
  data_len; do
  show log info $log.log --size 64M
done
for number in {0..19}; do
  "$POWERCUT" log info "noise$number.log" --size 64M >out 2>err
  code=$?
  case $code in
    0 | 2 | 3) ;;
    *) fail "exit $code of log info on noise$number.log" ;;
  esac
done
