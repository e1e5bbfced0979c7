#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A reader that has seen enough ends us as it ends any program, and nothing is left behind;
# nor is anything by a terminal that is closed, unless nohup was asked for.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
# without_reader COMMAND...: its stdout is a pipe that nobody has open for reading any more.
without_reader() {
  exec 3> >(:)
  wait "$!"
  "$@" >&3 2>err
  code=$?
  exec 3>&-
}
without_reader "$POWERCUT" log list golden.log
if [ "$code" -ne 141 ]; then fail "log list: exit $code"; fi
[ ! -s err ] || fail "it said: $(<err)"
cat >slow <<'SLOW'
#!/bin/bash
e2fsck -fn "$1" >/dev/null 2>&1
echo x >>"$2"
if [ "$(wc -l <"$2")" -gt 5 ]; then sleep 0.2; fi
exit 0
SLOW
chmod +x slow
check=(check golden.log --size 64M --atomic write --to flush:6 --checker "command:$PWD/slow {} $PWD/runs")
without_reader "$POWERCUT" "${check[@]}"
if [ "$code" -ne 141 ]; then fail "check: exit $code: $(<err)"; fi
no_leftovers

rm runs
"$POWERCUT" "${check[@]}" >out 2>err &
pid=$!
poll 20 test -s runs
kill -HUP "$pid"
wait_for "$pid" 10
if [ "$code" -ne 130 ]; then fail "exit $code: $(<err)"; fi
no_leftovers

rm runs
nohup "$POWERCUT" "${check[@]}" >out 2>err </dev/null &
pid=$!
poll 20 test -s runs
kill -HUP "$pid"
wait_for "$pid" 60
if [ "$code" -ne 0 ]; then fail "under nohup: exit $code: $(<err)"; fi
says out 'every permitted state is clean'

"$POWERCUT" --version >/dev/full 2>err
if [ $? -ne 3 ]; then fail "a version that could not be told is a success"; fi
