# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# leftovers DIR: prints, a line each, what powercut left behind of a test whose $TMPDIR is
# DIR/tmp: processes, mounts (here and in the namespaces of those processes), loop devices,
# run directories. Prints nothing if all is clean.

leftovers() {
  local dir=$1 path pid here
  here=$(readlink /proc/self/ns/mnt)
  for path in /proc/[0-9]*; do
    pid=${path#/proc/}
    if [ "$pid" = "$$" ] || [ "$pid" = "${BASHPID-}" ]; then continue; fi
    if tr '\0' '\n' 2>/dev/null <"$path/environ" | grep -qxF "TMPDIR=$dir/tmp"; then
      # A process that has just been killed needs a moment to be gone.
      case $(sed -n 's/^State:\t\(.\).*/\1/p' "$path/status" 2>/dev/null) in
        Z | X | "") ;;
        *)
          echo "process $pid: $(tr '\0' ' ' 2>/dev/null <"$path/cmdline")"
          if [ "$(readlink "$path/ns/mnt")" != "$here" ]; then mounts_under "$dir" "$path"; fi
          ;;
      esac
    fi
  done 2>/dev/null
  # Not in the namespaces of others: a run of another test that began meanwhile has copies
  # of all mounts that were there then, and they are not ours to undo.
  mounts_under "$dir" /proc/self
  grep -HF "$dir/" /sys/block/loop*/loop/backing_file 2>/dev/null | sed 's/^/loop /'
  find "$dir/tmp" -mindepth 1 -maxdepth 1 -name '*powercut-*' 2>/dev/null |
    sed 's/^/directory /'
}

mounts_under() {
  grep -F " $1/" "$2/mountinfo" 2>/dev/null | sed 's/^/mount /'
}
