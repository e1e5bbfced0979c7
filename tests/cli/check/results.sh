#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A results file: the same check again needs no run, a check that was killed goes on where
# it was, and what changed is run anew.

. "$CLI/lib.sh"

needs_root
needs e2fsck python3
golden_log golden.log
flags=(--size 64M --atomic write)
expect 0 check golden.log "${flags[@]}" --results r.db --json cold.json
says out ': 0 of the runs were in it already'
expect 0 check golden.log "${flags[@]}" --results r.db --json warm.json --jobs 1
says out 'and nothing was run'
says out 'every permitted state is clean'
cmp cold.json warm.json || fail "the answer is another"
# With another seed the answer is the same, and nothing is run.
all_known() {
  python3 - "$(sed -n 's/^results .*: \(.*\)/\1/p' out)" "$1" <<'PYTHON' ||
import json, re, sys
known = sum(int(number) for number in re.findall(r"\d+", sys.argv[1]))
sys.exit(known != json.load(open(sys.argv[2]))["runs"])
PYTHON
    fail "something was run: $(<out)"
}
expect 0 check golden.log "${flags[@]}" --results r.db --seed 7 --json seven.json
silent_on out 'nothing was run'
all_known seven.json
python3 - cold.json seven.json <<'PYTHON' || fail "the answer is another"
import json, sys
cold, seven = (json.load(open(name)) for name in sys.argv[1:])
same = ("states_permitted", "states_decided", "classes", "complete", "findings")
sys.exit(any(cold[key] != seven[key] for key in same))
PYTHON
# The decision tree is in the file: an end in the midst of a window makes states of another
# name, of which none is run that reads what others read.
expect 0 check golden.log "${flags[@]}" --results r.db --to seq:150 --json short.json
says out ' more followed from what those read'
all_known short.json
# An audit runs for real: none of its states is answered from the tree.
expect 0 check golden.log "${flags[@]}" --results r.db --to seq:155 --audit 1
silent_on out 'more followed'
# Windows and classes are rows, and sum to the certificate.
python3 - cold.json <<'PYTHON' || fail "the rows are not the certificate's"
import json, sqlite3, sys
cold = json.load(open(sys.argv[1]))
rows = sqlite3.connect("file:r.db?mode=ro", uri=True)
windows = rows.execute("select number, verdict, tier, permitted, decided from windows "
                       "where session = 1").fetchall()
assert len(windows) == cold["windows"], windows
assert all(row[1:3] == ("clean", "proved") and row[3] == row[4] for row in windows)
assert sum(int(row[3]) for row in windows) == int(cold["states_permitted"])
sums = {number: 0 for number, *_ in windows}
for number, states in rows.execute("select window, states from classes where "
                                   "session = 1 and probe = 'base' and verdict = 'clean'"):
    sums[number] += int(states)
assert sums == {row[0]: int(row[3]) for row in windows}, sums
unknown = rows.execute("select count(*) from classes c left join runs r on "
                       "r.subject = 1 and r.state = c.state where c.session = 1 and "
                       "r.state is null").fetchone()[0]
assert unknown == 0, unknown
PYTHON
# Another range is another question, of the same subject only if it begins alike.
expect 0 check golden.log "${flags[@]}" --results r.db --to flush:10
silent_on out 'nothing was run'
silent_on out ': 0 of the runs'
# Another model is another subject.
expect 0 check golden.log --size 64M --atomic 1024 --results r.db --to flush:6
says out ': 0 of the runs'
# A log that changed is another log, though only what was written did.
cp golden.log same.log
expect 0 check same.log "${flags[@]}" --results r.db --to flush:6
printf X | dd of=same.log bs=1 seek=5000000 conv=notrunc status=none
"$POWERCUT" check same.log "${flags[@]}" --results r.db --to flush:6 >out 2>err
says out ': 0 of the runs'
head -c 10300000 golden.log >cut.log
expect 0 check cut.log "${flags[@]}" --results r.db --to flush:10
says out ': 0 of the runs'

# Killed in the midst.
cat >slow <<'SLOW'
#!/bin/bash
sleep 0.1
e2fsck -fn "$1" >/dev/null 2>&1
exit 0
SLOW
chmod +x slow
"$POWERCUT" check golden.log "${flags[@]}" --to flush:5 --jobs 2 --results k.db \
  --checker "command:$PWD/slow {}" >out 2>err &
pid=$!
stored() {
  python3 - "$1" <<'PYTHON'
import sqlite3, sys
try:
    rows = sqlite3.connect("file:k.db?mode=ro", uri=True).execute("select count(*) from runs")
    count = rows.fetchone()[0]
except sqlite3.Error:
    count = 0
sys.exit(0 if count >= int(sys.argv[1]) else 1)
PYTHON
}
poll 60 stored 5 || fail "nothing was stored"
kill -KILL $pid
wait $pid 2>/dev/null
"$POWERCUT" doctor --clean >/dev/null
mkdir elsewhere
(cd elsewhere && "$POWERCUT" check --resume ../k.db >../out 2>../err) ||
  fail "the check was not resumed: $(cat err)"
answered=$(sed -n 's/^results .*: \([0-9]*\) of the runs.*/\1/p' out)
if [ "$answered" -lt 5 ]; then fail "only $answered runs were answered"; fi
show check --resume k.db
show check --resume nothing.db
show check --resume k.db --jobs 2
show check golden.log --size 64M --state c1.w.all --results r.db
echo 'no database, and longer than its header would be if it were one' >text.db
show check golden.log --size 64M --results text.db
