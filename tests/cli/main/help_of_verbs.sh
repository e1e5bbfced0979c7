#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every verb tells its usage on stdout, and an example that names itself; the README's table
# has every verb and no other.

. "$CLI/lib.sh"

expect 0 --help
verbs=$(sed -n '/^verbs:/,/^$/s/^  \(log [a-z]*\|audit [a-z]*\|[a-z]*\)  *.*/\1/p' out)
count=0
while read -r verb; do
  # shellcheck disable=SC2086  # a verb can be two words
  expect 0 $verb --help
  says out "usage: powercut $verb"
  grep -q '^examples\?' out || fail "no example for $verb"
  if [ -s err ]; then fail "$verb --help wrote to stderr"; fi
  cp out long
  # shellcheck disable=SC2086
  expect 0 $verb -h
  cmp out long || fail "-h and --help of $verb differ"
  count=$((count + 1))
done <<<"$verbs"
echo "$count verbs"

sed -n '/^## Verbs/,/^## /s/^| `\([a-z ]*\)`.*/\1/p' "$CLI/../../README.md" | sort >documented
sort <<<"$verbs" >there
diff documented there || fail "the table of verbs in README.md is another one"
