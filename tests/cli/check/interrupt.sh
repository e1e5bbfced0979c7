#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ctrl-C ends a long check within seconds, with a partial report and nothing left.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
"$POWERCUT" check golden.log --size 64M --audit 1 --atomic 512 --jobs 2 \
  --checker "command:sh -c 'e2fsck -fp \$0; cat \$0 >/dev/null' {}" --clean-exit 0,1 \
  --json report.json >out 2>err &
pid=$!
poll 20 pgrep -P "$pid" >&2
kill -INT "$pid"
begin=$(date +%s%N)
wait_for "$pid" 5
if [ "$code" -ne 130 ]; then fail "exit $code: $(cat err)"; fi
if [ $(($(date +%s%N) - begin)) -gt 5000000000 ]; then fail "it took more than 5 s"; fi
silent_on out 'every permitted state'
silent_on out 'verdict    clean '
no_leftovers

# Once it is well under way there is a partial report.
cat >count <<'COUNT'
#!/bin/bash
e2fsck -fp "$1"
code=$?
cat "$1" >/dev/null
echo x >>"$2"
exit "$code"
COUNT
"$POWERCUT" check golden.log --size 64M --atomic 1024 --jobs 2 --json report.json \
  --checker "command:bash $PWD/count {} $PWD/runs" \
  --clean-exit 0,1 >out 2>err &
pid=$!
poll 20 test -s runs
enough() { [ "$(wc -l <runs)" -ge 20 ]; }
poll 20 enough
kill -INT "$pid"
wait_for "$pid" 5
if [ "$code" -ne 130 ]; then fail "exit $code: $(cat err)"; fi
says out 'it was interrupted'
silent_on out 'every permitted state'
json report.json 'ended == "interrupted" and not complete and runs > 0'
no_leftovers
