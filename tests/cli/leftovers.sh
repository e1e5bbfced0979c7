# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# leftovers DIR: prints, a line each, what powercut left behind of a test whose $TMPDIR is
# DIR/tmp: processes, mounts (in any mount namespace), loop devices, run directories.
# Prints nothing if all is clean.

leftovers() {
  local dir=$1 path pid
  for path in /proc/[0-9]*; do
    pid=${path#/proc/}
    if [ "$pid" = "$$" ] || [ "$pid" = "${BASHPID-}" ]; then continue; fi
    if tr '\0' '\n' 2>/dev/null <"$path/environ" | grep -qxF "TMPDIR=$dir/tmp"; then
      # A process that has just been killed needs a moment to be gone.
      case $(sed -n 's/^State:\t\(.\).*/\1/p' "$path/status" 2>/dev/null) in
        Z | X | "") ;;
        *) echo "process $pid: $(tr '\0' ' ' 2>/dev/null <"$path/cmdline")" ;;
      esac
    fi
  done 2>/dev/null
  # Each namespace once is enough: all processes of one see the same mounts.
  cat /proc/[0-9]*/mountinfo 2>/dev/null | grep -F " $dir/" | sort -u | sed 's/^/mount /'
  grep -HF "$dir/" /sys/block/loop*/loop/backing_file 2>/dev/null | sed 's/^/loop /'
  find "$dir/tmp" -mindepth 1 -maxdepth 1 -name '*powercut-*' 2>/dev/null |
    sed 's/^/directory /'
}
