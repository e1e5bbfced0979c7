#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The harness must be able to fail: cases that are wrong in one way each, and run_case has
# to say so. Right ones beside them must pass, and a skipped one must be told as skipped.

set -u

cli=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d /tmp/cli-canary.XXXXXX) || exit 2
mkdir "$scratch/cases"
failed=0

# canary NAME WANTED TEXT SCRIPT: run_case of the script exits with WANTED and says TEXT.
canary() {
  local name=$1 wanted=$2 text=$3 code
  printf '. "$CLI/lib.sh"\n%s\n' "$4" >"$scratch/cases/$name.sh"
  "$cli/run_case" "$scratch/cases/$name.sh" >"$scratch/out" 2>&1
  code=$?
  if [ "$code" -ne "$wanted" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$scratch/out"; }; then
    echo "canary $name: exit $code, not $wanted, or it does not say '$text':"
    cat "$scratch/out"
    failed=$((failed + 1))
  fi
  sed -n 's/^run_case: FAILED, kept \([^;]*\);.*/\1/p' "$scratch/out" | xargs -r rm -rf --one-file-system 2>/dev/null
}

golden() {
  printf '%s\n' "$2" >"$scratch/cases/$1"
}

canary silent 0 '' 'true'
canary code 1 'exit code 4, not 0' 'exit 4'
golden wanted_code.exit 4
canary wanted_code 0 '' 'exit 4'
golden missed_code.exit 4
canary missed_code 1 'exit code 0, not 4' 'true'
canary skipped 77 'skipped: so it is' 'skip "so it is"'
canary unexpected 1 'stdout differs' 'echo something'
golden exact.stdout.exact hello
canary exact 0 '' 'echo hello'
golden differs.stdout.exact hello
canary differs 1 'stdout differs' 'echo hallo'
golden missing.stdout.exact hello
canary missing 1 'stdout differs' 'true'
golden glob.stdout.glob $'h?llo [0-9]\n...\nend'
canary glob 0 '' 'echo hallo 1; echo a; echo b; echo end'
golden no_glob.stdout.glob $'h?llo [0-9]\n...\nend'
canary no_glob 1 'stdout does not match' 'echo hallo 1; echo a; echo b'
golden short_glob.stdout.glob 'hello'
canary short_glob 1 'stdout does not match' 'echo hello; echo more'
golden err.stderr.glob 'some* thing'
canary err 0 '' 'echo something else >&2; echo some other thing >&2'
golden no_err.stderr.glob 'some* thing'
canary no_err 1 'no line of stderr matches: some* thing' 'echo something else >&2'
canary no_such 1 'the case called what is not there' 'shoow doctor; true'
canary directory 1 'left behind' 'mkdir "$TMPDIR/powercut-0123456789"'
canary process 1 'left behind' 'tail -f /dev/null >/dev/null 2>&1 & disown'
canary expects 1 'exit code 0, not 3' 'expect 3 --version'
canary says 1 'does not say: hello' 'echo hallo >out; says out hello'
canary silent_on 1 'says: hello' 'echo hello >out; silent_on out hello'
canary silent_on_nothing 1 'there is no out' 'silent_on out hello'
canary json 1 'not so in out' "echo '{\"a\": 1}' >out; json out 'a == 2'"
canary json_nonsense 1 'not so in out' "echo '{\"a\": 1}' >out; json out 'b == 2'"
canary json_right 0 '' "echo '{\"a\": 1}' >out; json out 'a == 1'"
canary poll 1 'in time it never came true' 'poll 0 false'
canary wait_for 1 'was still there' 'tail -f /dev/null & wait_for $! 0'
canary left 1 'left behind' 'mkdir "$TMPDIR/powercut-0123456789"; no_leftovers'
if [ "$(id -u)" -eq 0 ]; then
  canary left_mounted 1 'left behind' 'mkdir d; mount -t tmpfs canary d'
  grep -o "/tmp/cli-left_mounted[^ ]*" /proc/self/mountinfo | xargs -r umount
  rm -rf --one-file-system /tmp/cli-left_mounted.*
  # A copy of our mount in the namespace of somebody else is not ours.
  canary other_namespace 0 '' 'mkdir d; mount -t tmpfs canary d
    env -u TMPDIR unshare --mount --propagation private sleep 3 & pause; pause; pause
    while [ "$(readlink /proc/$!/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ]; do pause; done
    umount d'
  canary left_loop 1 'left behind' 'truncate -s 1M i; losetup -f i'
  losetup -l -n -O NAME,BACK-FILE | awk '/cli-left_loop/ { print $1 }' | xargs -r losetup -d
fi
# An update writes what comes out, and only of a case with the right exit code.
printf 'echo new\n' >"$scratch/cases/update.sh"
golden update.stdout.exact old
"$cli/run_case" --update "$scratch/cases/update.sh" >"$scratch/out" 2>&1
if [ "$(<"$scratch/cases/update.stdout.exact")" != new ]; then
  echo "canary update: $(<"$scratch/out")"
  failed=$((failed + 1))
fi

# Every case is in the build, and every golden belongs to a case.
for file in "$cli"/*/*; do
  name=${file#"$cli"/}
  case $name in
    *.sh)
      if ! grep -qx "    ${name%.sh}" "$cli/CMakeLists.txt"; then
        echo "$name is not in CMakeLists.txt"
        failed=$((failed + 1))
      fi
      ;;
    *)
      if [ ! -f "$cli/${name%%.*}.sh" ]; then
        echo "$name belongs to no case"
        failed=$((failed + 1))
      fi
      ;;
  esac
done

rm -rf --one-file-system "$scratch"
if [ "$failed" -gt 0 ]; then
  echo "$failed wrong"
  exit 1
fi
