#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A checker that fails, reads nothing, dies or hangs gives exit 3, never a clean bill.

. "$CLI/lib.sh"

needs_root
golden_log golden.log
undecided() {
  # undecided TEXT ARGUMENTS: exit 3, the text is said, and nothing is called clean.
  local text=$1
  shift
  expect 3 check golden.log --size 64M --atomic write --to mark:f1 "$@"
  cat out err >both
  says both "$text"
  silent_on both 'every permitted state'
  silent_on both 'clean as far'
}
undecided 'read nothing' --checker 'command:false {}'
undecided 'already fails on the state at mark:mkfs' \
  --checker "command:sh -c 'cat \$0 >/dev/null; exit 5' {}"
undecided 'read nothing' --checker 'command:true {}'
undecided 'signal 9' --checker "command:sh -c 'cat \$0 >/dev/null; kill -KILL \$\$' {}"
undecided 'signal 11' --checker "command:sh -c 'cat \$0 >/dev/null; kill -SEGV \$\$' {}"
undecided 'timed out' --timeout 0.2 \
  --checker "command:sh -c 'cat \$0 >/dev/null; exec tail -f /dev/null' {}"
undecided 'not found in PATH' --checker 'command:no-such-program {}'
# Clean at the baseline, but not able to judge what comes later.
cat >later <<'LATER'
#!/bin/bash
cat "$1" >/dev/null
if [ -e "$2" ]; then exec tail -f /dev/null; fi
: >"$2"
LATER
undecided 'timed out' --timeout 0.2 --jobs 1 --max-runs 4 --checker "command:bash $PWD/later {} $PWD/seen"
