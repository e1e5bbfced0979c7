#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# On a terminal: a prompt, completion, a history that lasts, errors and Ctrl-C that end
# nothing but a command, and signals that end all and leave nothing.

. "$CLI/lib.sh"

needs_root
needs python3 mkfs.ext4 e2fsck
expect 0 record --on loop --fs ext4 --size 32M -o run.log -- bash -c '
  echo hello >greeting
  sync
  "$0" mark synced' "$POWERCUT"
terminal() {
  python3 "$CLI/shell/terminal.py" "$POWERCUT" run.log "$@" || fail "on a terminal: $*"
}
export XDG_STATE_HOME=$PWD/state
history=state/powercut/history

# The prompt is the place; commands, marks and paths are completed.
terminal 'see:`help` lists' 'see:mark end (cut ' 'see:> ' \
  'type:hist\t' 'see:ory ' 'type:of block 0\n' 'see:holds ' 'see:> ' \
  'type:goto mark sy\t\n' 'see:mark synced (cut ' 'see:> ' \
  'type:cat gr\t\n' 'see:hello' 'see:> ' \
  'type:ne\tm\t\n' 'see:mark end (cut ' 'see:> ' \
  'type:goto mark \t' 'see:end' 'see:mkfs' 'see:synced' 'type:\x03' 'see:> ' \
  'type:quit\n' end:0
says "$history" goto
if [ "$(stat -c %a "$history")" != 600 ]; then fail "others may read the history"; fi

# It is there the next time: two up is the line before the last.
terminal 'see:> ' 'type:\x1b[A\x1b[A' 'see:next mark' 'type:\x03' 'see:> ' 'type:\x04' end:0

# An error, a quote that is not closed and Ctrl-C end a line, not the session.
terminal 'see:> ' 'type:frobnicate\n' "see:no command 'frobnicate'" 'see:hint:' 'see:> ' \
  'type:cat /none\n' 'see:no /none in this state' 'see:> ' \
  "type:cat 'x\\n" 'see:a quote is not closed' 'see:> ' \
  'type:goto fl\x03' 'see:> ' 'type:goto start\n' 'see:start (cut 0, 0 pending)' 'see:> ' \
  'type:ls\n' 'see:no ext2' 'see:> ' 'type:quit\n' end:0

# However it ends, what is mounted goes.
mkdir mnt
for end in 'type:\x04' 'type:quit\n' signal:SIGTERM hangup signal:SIGKILL; do
  code=0
  case $end in
    signal:SIGKILL) code=-9 ;;
    signal:SIGTERM) code=130 ;;
    hangup) code=0/130 ;;  # the end of input and the signal come together
  esac
  terminal 'see:> ' "type:mount $PWD/mnt\\n" 'see:mounted ' 'see:> ' "$end" "end:$code"
  # shellcheck disable=SC2016  # for the inner shell
  poll 10 bash -c '! mountpoint -q mnt && ! grep -qF "$TMPDIR" /proc/mounts'
done
expect 0 doctor --clean
no_leftovers

# Where there is no place for a history there is none, and no error.
unset XDG_STATE_HOME
HOME=relative terminal 'see:> ' 'type:marks\n' 'see:synced' 'see:> ' 'type:quit\n' end:0
if [ -e relative ]; then fail "a history in a relative place"; fi
