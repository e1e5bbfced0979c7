#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without a file system the workload gets the device; its marks tell what was durable.

. "$CLI/lib.sh"

needs_root
expect 0 record --size 1M -o run.log --keep-image end.img -- bash -c '
  [ -z "${POWERCUT_MOUNT-}" ] || exit 9
  printf one | dd of="$POWERCUT_DEVICE" bs=512 conv=sync oflag=direct,dsync status=none
  "$0" mark one
  printf two | dd of="$POWERCUT_DEVICE" bs=512 seek=8 conv=sync oflag=direct,dsync status=none
  "$0" mark "two with spaces, and ä"' "$POWERCUT"
expect 0 log verify run.log --device end.img
expect 0 log info run.log --json -
json out 'marks == ["one", "two with spaces, and ä", "end"]'
cat >ordered <<'ORDERED'
#!/bin/bash
# Two without one is wrong.
one=$(head -c 3 "$1" | tr -d '\0')
two=$(dd if="$1" bs=512 skip=8 count=1 status=none | head -c 3 | tr -d '\0')
if [ "$two" = two ] && [ "$one" != one ]; then
  echo "two without one"
  exit 1
fi
ORDERED
chmod +x ordered
expect 0 check run.log --atomic write --from start --checker "command:$PWD/ordered {}" --json report.json
says out 'every permitted state is clean'
json report.json 'complete'
expect 1 check run.log --atomic write --from start --checker "command:$PWD/ordered {}" --fault ignore-flush:all
says out 'two without one'
