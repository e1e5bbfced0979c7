# SPDX-License-Identifier: GPL-2.0-only
"""Plans the operations of upstream_twin.sh, and compares the logs of them.

    upstream_twin.py plan SEED COUNT OPERATIONS DATA
    upstream_twin.py compare OPERATIONS DATA UPSTREAM_LOG UPSTREAM_JSON OUR_LOG OUR_JSON
    upstream_twin.py damage data|entry LOG

The entries and their data are read from the log itself; `powercut log list --json` of the
same log must agree. Entries are compared within windows, each of which ends with a flush.
The differences that may be, and must be:

- upstream writes a mark when it comes, before the plain writes that completed earlier and
  wait for their flush; ours comes behind them. FUA writes overtake plain ones in both.
- Ours splits writes and discards at multiples of 1 MiB.

So the plain writes and discards of a window are the same sequence in both, and so are its
FUA writes and marks; and for each mark, what is before it is as said.
"""

import json
import random
import struct
import sys

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK, METADATA = 1, 2, 4, 8, 16
SIZE = 16 << 20
DATA = 1 << 20
MAX_IO = 1 << 20


def plan(seed, count, operations, data):
    generator = random.Random(seed)
    with open(data, "wb") as file:
        file.write(generator.randbytes(DATA))
    lines = []
    kinds = ["write"] * 8 + ["dsync"] * 2 + ["flush"] * 3 + ["discard", "mark", "mark"]
    # A FUA write over a plain one that waits overtakes it: no two meet in a window.
    waiting = []
    while len(lines) < count:
        kind = generator.choice(kinds)
        length = 512 * generator.choice([1, 1, 2, 3, 7, 8, 8, 16, 64, 100, 256, 512])
        offset = 512 * generator.randrange((SIZE - length) // 512)
        if kind in ("write", "discard"):
            waiting.append((offset, offset + length))
        elif kind == "dsync":
            if any(begin < offset + length and offset < end for begin, end in waiting):
                continue
            waiting = []
        elif kind == "flush":
            waiting = []
        if kind in ("write", "dsync", "discard"):
            start = 512 * generator.randrange((DATA - length) // 512)
            lines.append(f"{kind} {offset} {length} {start}")
        else:
            lines.append(kind if kind == "flush" else f"mark m{len(lines)}")
    with open(operations, "w") as file:
        file.write("\n".join(lines) + "\n")


def entries_of(log):
    with open(log, "rb") as file:
        magic, _version, count, block = struct.unpack("<QQQI", file.read(28))
        assert magic == MAGIC, f"{log}: no log"
        position = block
        result = []
        for _ in range(count):
            file.seek(position)
            head = file.read(block)
            sector, sectors, flags, length = struct.unpack("<QQQQ", head[:32])
            position += block
            data = b""
            if flags & MARK:
                data = head[32 : 32 + length]
            elif not flags & DISCARD:
                file.seek(position)
                data = file.read(sectors * block)
                position += sectors * block
            result.append((flags, sector * block, sectors * block, data))
        return result


def same_as_list(entries, listed, log):
    with open(listed) as file:
        events = [json.loads(line) for line in file]
    mine = []
    for flags, offset, length, data in entries:
        if flags & MARK:
            mine.append(("mark", data.decode()))
        elif flags & FLUSH and not length:
            mine.append(("flush",))
        else:
            op = "discard" if flags & DISCARD else "write"
            mine.append((op, offset, length, bool(flags & FUA), bool(flags & METADATA)))
    theirs = []
    for event in events:
        if event["type"] == "mark":
            theirs.append(("mark", event["text"]))
        elif event["op"] == "flush":
            theirs.append(("flush",))
        else:
            theirs.append((event["op"], event["offset_bytes"], event["length_bytes"],
                           event["fua"], event["meta"]))
    assert mine == theirs, f"{log}: `log list` says something else than the log"


def windows(entries):
    result = [[]]
    for entry in entries:
        result[-1].append(entry)
        if entry[0] & FLUSH:
            result.append([])
    return result


def plain(window):
    return [e for e in window if not e[0] & (FLUSH | FUA | MARK)]


def early(window):
    return [e for e in window if e[0] & (FUA | MARK)]


def expected(operations, data):
    """What both must have, by windows: (plain, early, marks with what ours has before)."""
    with open(data, "rb") as file:
        content = file.read()
    result = [([], [], [])]
    for line in open(operations):
        kind, *words = line.split()
        now = result[-1]
        if kind in ("write", "dsync"):
            offset, length, start = map(int, words)
            flags = FUA if kind == "dsync" else 0
            entry = (flags, offset, length, content[start : start + length])
            now[1 if flags else 0].append(entry)
        elif kind == "discard":
            now[0].append((DISCARD, int(words[0]), int(words[1]), b""))
        elif kind == "mark":
            now[1].append((MARK, 0, 0, words[0].encode()))
            now[2].append((words[0], len(now[0])))
        if kind in ("flush", "dsync"):
            result.append(([], [], []))
    # The mark of the end comes behind all that was never flushed, in both.
    result[-1][1].append((MARK, 0, 0, b"dm-log-writes-end"))
    return result


def joined(entries):
    """What was split, put together again."""
    result = []
    for entry in entries:
        if result:
            flags, offset, length, data = result[-1]
            if flags == entry[0] and not flags & MARK and offset + length == entry[1]:
                result[-1] = (flags, offset, length + entry[2], data + entry[3])
                continue
        result.append(entry)
    return result


def compare(operations, data, upstream_log, upstream_json, our_log, our_json):
    upstream, ours = entries_of(upstream_log), entries_of(our_log)
    same_as_list(upstream, upstream_json, "upstream")
    same_as_list(ours, our_json, "ours")
    theirs, mine, wanted = windows(upstream), windows(ours), expected(operations, data)
    assert len(theirs) == len(mine) == len(wanted), \
        f"windows: {len(theirs)} of upstream, {len(mine)} of ours, {len(wanted)} wanted"
    overtaken = split = 0
    for number, (a, b, (plains, earlies, marks)) in enumerate(zip(theirs, mine, wanted)):
        where = f"window {number}"
        for name, of, planned in (("plain", plain, plains), ("FUA and marks", early, earlies)):
            assert joined(of(a)) == joined(of(b)), f"{where}: {name}: the logs differ"
            assert joined(of(b)) == joined(planned), f"{where}: {name}: not the operations"
            begins = {e[1] for e in of(a)}
            cuts = [e[1] for e in of(b) if e[1] not in begins]
            assert len(of(b)) == len(of(a)) + len(cuts), f"{where}: {name}: other entries"
            assert not any(cut % MAX_IO for cut in cuts), f"{where}: {name}: cut elsewhere"
            split += len(cuts)
        for text, before in marks:
            at_a = next(i for i, e in enumerate(a) if e[0] & MARK and e[3] == text.encode())
            at_b = next(i for i, e in enumerate(b) if e[0] & MARK and e[3] == text.encode())
            assert joined(plain(b[:at_b])) == joined(plains[:before]), f"{where}: mark {text}"
            assert not plain(a[:at_a]), f"{where}: upstream has a plain write before {text}"
            overtaken += before > 0
    assert overtaken, "no mark came behind a waiting write: this tested nothing"
    assert any(e[0] & FUA for e in ours) and any(e[0] & DISCARD for e in ours)
    print(f"{len(ours)} entries in {len(mine)} windows equal, "
          f"{split} splits, {overtaken} marks behind writes that upstream puts after them")


def damage(place, log):
    entries = entries_of(log)
    with open(log, "r+b") as file:
        block = 512
        position = block
        for index, (flags, _offset, length, _data) in enumerate(entries):
            data_bytes = 0 if flags & (MARK | DISCARD) else length
            if index > len(entries) // 2 and data_bytes:
                # The last byte of the data, or the sector it is for.
                file.seek(position + data_bytes + block - 1 if place == "data" else position)
                byte = file.read(1)[0]
                file.seek(-1, 1)
                file.write(bytes([byte ^ 1]))
                return
            position += block + data_bytes
    sys.exit("nothing to damage")


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    try:
        if verb == "plan":
            plan(int(arguments[0]), int(arguments[1]), *arguments[2:])
        else:
            {"compare": compare, "damage": damage}[verb](*arguments)
    except AssertionError as error:
        print(error)
        sys.exit(1)
