#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A check as test cases: JUnit's XML that a parser takes, KTAP, annotations; from a stored
# answer too.

. "$CLI/lib.sh"

needs_root
needs e2fsck python3
golden_log golden.log
common=(golden.log --size 64M --atomic write --jobs 1 --to flush:6)
counts() {
  python3 - "$1" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
print(*[suite.get(each) for each in ("tests", "failures", "errors", "skipped")])
PYTHON
}
expect 0 check "${common[@]}" --junit sound.xml --results r.db
if [ "$(counts sound.xml)" != '1 0 0 0' ]; then fail "$(cat sound.xml)"; fi
expect 0 check "${common[@]}" --junit again.xml --results r.db
says out 'nothing was run'
cmp sound.xml again.xml || fail "the stored answer makes other cases"
broken=(--fault ignore-flush:4 --max-runs 300)
expect 1 check "${common[@]}" "${broken[@]}" --junit broken.xml
read -r tests failures errors skipped < <(counts broken.xml)
if [ "$failures" -lt 1 ] || [ "$tests" -ne $((failures + 1)) ] || [ "$errors$skipped" != 01 ]; then
  fail "$(cat broken.xml)"
fi
expect 1 check "${common[@]}" "${broken[@]}" --ktap
says out "1..$tests"
says out 'not ok 2 finding: '
silent_on out 'verdict '
expect 1 check "${common[@]}" "${broken[@]}" --github
says out 'verdict '
says out '::notice title='
if [ "$(grep -c '^::error title=' out)" -ne "$failures" ]; then fail "$(cat out)"; fi
expect 0 check "${common[@]}" --max-runs 5 --ktap
says out ' # SKIP not complete (max-runs)'
show check "${common[@]}" --ktap --json -
show check "${common[@]}" --state c1.w.all --junit x.xml
show check "${common[@]}" --junit golden.log

# For git bisect: 3 and 77 skip a commit, 2 ends it.
code() {
  "$POWERCUT" --bisect "$@" >out 2>err
  echo "exit $?: --bisect $*"
}
code check "${common[@]}"
code check "${common[@]}" "${broken[@]}"
code check "${common[@]}" --checker 'command:no-such-program {}'
code check "${common[@]}" --frobnicate
code --version
