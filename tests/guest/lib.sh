# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests share that boot a guest; to be sourced. Sets `scratch`, an empty directory
# for this run, which is the working directory and $TMPDIR; it is removed if all went well.
# POWERCUT names the program.

set -u

guest_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
POWERCUT=$(realpath "${POWERCUT:-$guest_tests/../../build/release/bin/powercut}")
export POWERCUT
failed=0

skip() {
  echo "skipped: $*" >&2
  exit 77
}

wrong() {
  echo "   WRONG: $*" >&2
  failed=$((failed + 1))
}

# needs PROGRAM...
needs() {
  local program
  for program in "$@"; do
    if [ -z "$(type -P "$program")" ]; then skip "no $program here"; fi
  done
}

begin() {
  needs qemu-system-x86_64
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/guest-$(basename "$0" .sh).XXXXXX") || exit 2
  mkdir "$scratch/tmp"
  export TMPDIR=$scratch/tmp
  cd "$scratch" || exit 2
  trap 'jobs -pr | xargs -r kill 2>/dev/null' EXIT
}

# end WHAT: the last words.
end() {
  local left
  left=$(find "$TMPDIR" -mindepth 1 -maxdepth 1)
  if [ -n "$left" ]; then wrong "left behind: $left"; fi
  echo "$1, $failed wrong"
  if [ "$failed" -gt 0 ]; then
    echo "FAILED, kept $scratch" >&2
    exit 1
  fi
  cd / && rm -rf --one-file-system "$scratch"
  exit 0
}

# disk FILE SIZE: an image of zeros. Its first bytes are really there: of a file that begins
# with a hole, opened without cache, QEMU 7.2 takes 4096 bytes for the alignment, pads what
# is smaller, and fails those of more than 1022 pieces ("Input/output error" in the guest).
disk() {
  head -c 64K /dev/zero >"$1" && truncate -s "$2" "$1"
}

# in_guest OUTPUT ARGUMENTS...: powercut guest with the log-writes target; what it prints
# goes to the screen and to the file OUTPUT. Skips the test if there can be no guest; that
# a script in the guest finds nothing to do is no reason.
in_guest() {
  local output=$1 code why
  shift
  "$POWERCUT" guest --log-writes --console "$output.console" "$@" 2>&1 | tee "$output"
  code=${PIPESTATUS[0]}
  if [ "$code" -eq 77 ] && ! grep -q '^skipped: ' "$output"; then
    why=$(sed -n 's/^powercut: //p' "$output" | head -n 1)
    cd / && rm -rf --one-file-system "$scratch"
    skip "$why"
  fi
  return "$code"
}
