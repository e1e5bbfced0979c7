# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the cases share. A case fails by `fail`, or by printing something else than before.

: "${CLI:?}" "${POWERCUT:?}" "${TMPDIR:?}"

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

skip() {
  echo "skipped: $*" >&2
  exit 77
}

# needs PROGRAM...: skips the case without them.
needs() {
  local program
  for program in "$@"; do
    if [ -z "$(type -P "$program")" ]; then skip "no $program here"; fi
  done
}

needs_root() {
  if [ "$(id -u)" -ne 0 ]; then skip "needs root"; fi
  if [ ! -c /dev/fuse ]; then skip "needs /dev/fuse"; fi
  if [ ! -c /dev/loop-control ]; then skip "needs /dev/loop-control"; fi
}

needs_guest() {
  needs qemu-system-x86_64
  if ! "$POWERCUT" doctor | grep -q '^ok   guest kernel'; then skip "no kernel for a guest"; fi
}

# golden_log FILE: the log that dm-log-writes wrote; see its README.
golden_log() {
  needs zstd
  zstd -dcq "$CLI/../golden/upstream-ext4-sync/log.zst" 2>/dev/null |
    head -c 10308096 >"$1"
  if [ "$(stat -c %s "$1")" -ne 10308096 ]; then fail "the golden log is not whole"; fi
}

quoted() {
  local word
  for word in "$@"; do
    case $word in
      *[\ \{\}\$\;]* | '') printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
}

# show ARGUMENTS: prints the command, its stdout, its stderr and its exit code. The time a
# check took, and the digest of a log made just now, are different each time.
show() {
  printf '$ powercut%s\n' "$(quoted "$@")"
  "$POWERCUT" "$@" >show.out 2>show.err
  local code=$?
  sed -E -e "s/\\([0-9]+\\.[0-9]+ s\\)/(N s)/" -e "s/^(digest +)[0-9a-f]{16}$/\1DIGEST/" \
    show.out show.err
  printf 'exit %s\n\n' "$code"
}

# told FILE: what `powercut run` told, line by line, without what kernels, clocks and the
# order of findings make different: counts, states, and what is not expected.
told() {
  sed -E -e '/^        /d' -e '/ states decided by /d' \
    -e 's/: [0-9]+ states, [0-9]+ runs, (inferred, )?[0-9]+ acknowledgements, [0-9.]+ s$//' \
    -e 's/^(ok .*  found, as expected): .*/\1/' -e 's/^(FAIL +[^ ]+)  [^a].*/\1/' "$1"
}

# expect CODE ARGUMENTS: runs powercut into the files out and err; another code fails.
expect() {
  local wanted=$1 code
  shift
  "$POWERCUT" "$@" >out 2>err
  code=$?
  if [ "$code" -ne "$wanted" ]; then
    tail -n 20 out err >&2
    fail "exit code $code, not $wanted, of: powercut$(quoted "$@")"
  fi
}

# says FILE TEXT: a line of the file holds the text.
says() {
  if ! grep -qF -- "$2" "$1"; then
    cat "$1" >&2
    fail "$1 does not say: $2"
  fi
}

# silent_on FILE TEXT: no line of the file holds the text.
silent_on() {
  if [ ! -f "$1" ]; then fail "there is no $1"; fi
  if grep -qF -- "$2" "$1"; then
    cat "$1" >&2
    fail "$1 says: $2"
  fi
}

# json FILE EXPRESSION: the Python expression over the file's fields is true.
json() {
  needs python3
  python3 - "$1" "$2" >&2 <<'PYTHON' || fail "not so in $1: $2"
import json, sys
with open(sys.argv[1]) as file:
    fields = json.load(file)
if eval(sys.argv[2], {"d": fields}, dict(fields)) is not True:
    print(json.dumps(fields, indent=1)[:4000])
    sys.exit(1)
PYTHON
}

# poll SECONDS COMMAND...: until the command succeeds; fails after so many seconds.
poll() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then fail "in time it never came true: $*"; fi
    pause
  done
}

# A hundredth of a second, between two looks at a condition.
pause() {
  read -r -t 0.01 <> <(:) || true
}

# wait_for PID SECONDS: sets `code`; fails if the process is still there after that.
wait_for() {
  local end=$((SECONDS + $2 + 1))
  while kill -0 "$1" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then
      kill -KILL "$1"
      fail "process $1 was still there after $2 s"
    fi
    pause
  done
  wait "$1"
  # shellcheck disable=SC2034  # for the caller
  code=$?
}

# no_leftovers: nothing of powercut is there at this point of the case.
no_leftovers() {
  # shellcheck source=tests/cli/leftovers.sh
  . "$CLI/leftovers.sh"
  local left
  left=$(leftovers "${TMPDIR%/tmp}" | grep -v -e '^process' -e ' - tmpfs small ')
  if [ -n "$left" ]; then fail "left behind: $left"; fi
}

# small_disk DIRECTORY BYTES: a tmpfs of that size, for a disk that gets full.
small_disk() {
  needs_root
  mkdir "$1"
  mount -t tmpfs -o "size=$2" small "$1" || skip "cannot mount a tmpfs"
  # shellcheck disable=SC2064  # the directory as it is now
  trap "umount '$PWD/$1'" EXIT
}

# serve ARGUMENTS: starts powercut mount in the background; sets `pid`, and `disk` to the
# path it serves. End it with: kill -INT "$pid"; wait_for "$pid" 5.
serve() {
  : >served
  "$POWERCUT" mount "$@" >served 2>serve.err &
  pid=$!
  while [ ! -s served ]; do
    if ! kill -0 "$pid" 2>/dev/null; then fail "mount ended: $(<serve.err)"; fi
    pause
  done
  # shellcheck disable=SC2034  # for the caller
  disk=$(head -n 1 served)
}

# record ARGUMENTS...: powercut record of 32 MiB into run.log, as the cases need it.
record() {
  local wanted=$1
  shift
  expect "$wanted" record --on loop --size 32M -o run.log "$@"
}
