# SPDX-License-Identifier: GPL-2.0-only
"""Are all records that were told as done in the log?

    kill_records.py flushed COUNT LIST      LIST: of `powercut log list --json`
    kill_records.py there COUNT IMAGE

Record I is block I of 4096 bytes, and "record I" padded with blanks. flushed: a completed
write of it, and behind it a flush that was submitted later and has completed.
"""

import json
import sys

BLOCK = 4096


def flushed(count, path):
    with open(path) as file:
        events = [json.loads(line) for line in file]
    # Format 1 has only completions.
    completions = any(event["type"] == "complete" for event in events)
    submitted, volatile, durable, covered = {}, set(), set(), {}
    for event in events:
        if event["type"] == "submit":
            submitted[event["seq"]] = event
            if event["op"] == "flush":
                covered[event["seq"]] = set(volatile)
        is_end = event["type"] == ("complete" if completions else "submit")
        if not is_end or event.get("status", 0):
            continue
        begin = submitted[event["ref_seq"]] if completions else event
        if begin["op"] == "flush":
            durable |= covered[begin["seq"]]
        elif begin["op"] == "write":
            first, bytes_ = begin["offset_bytes"], begin["length_bytes"]
            volatile |= set(range(first // BLOCK, (first + bytes_) // BLOCK))
    missing = [i for i in range(1, count + 1) if i not in durable]
    assert not missing, f"records {missing} of {count} are not flushed in the log"


def there(count, path):
    with open(path, "rb") as file:
        for i in range(1, count + 1):
            file.seek(i * BLOCK)
            data = file.read(BLOCK)
            assert data == b"record %d" % i + b" " * (BLOCK - len("record %d" % i)), \
                f"record {i} of {count} is not on the disk"


try:
    {"flushed": flushed, "there": there}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
except AssertionError as error:
    print(error)
    sys.exit(1)
