#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A command in a guest: its output on both streams, its exit code, the files and programs
# that go along, disks that are made and keep what was written.

. "$CLI/lib.sh"

needs_guest
printf '#!/bin/bash\necho "I am $0"; cat "$1"; echo warned >&2; exit 7\n' >script
chmod +x script
echo 'from the host' >data
mkdir folder && echo 'below a folder' >folder/file
expect 7 guest --accel tcg --copy folder:/srv/folder --disk d.img:8M -- ./script data
says out "I am $PWD/script"
says out 'from the host'
says err 'warned'
[ "$(stat -c %s d.img)" -eq 8388608 ] || fail "no disk was made"
expect 137 guest --accel tcg --disk d.img -- sh -c '
  cat /srv/folder/file 2>/dev/null; printf kept | dd of=/dev/vda conv=fsync; kill -9 $$'
silent_on out 'below'
[ "$(head -c 4 d.img)" = kept ] || fail "the disk did not keep it"
