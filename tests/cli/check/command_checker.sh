#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Any program is a checker; e2fsck that may not replay the journal is not clean.

. "$CLI/lib.sh"

needs_root
needs e2fsck
golden_log golden.log
echo "The journal is not replayed by -n, so a state between two commits is reported:"
"$POWERCUT" check golden.log --size 64M --atomic write --to mark:f2 --checker 'command:e2fsck -fn {}' \
  --stop-after 1 --json report.json >out 2>err
code=$?
if [ "$code" -gt 1 ]; then fail "exit $code: $(cat err)"; fi
json report.json 'checker == "command:e2fsck -fn {}"'
json report.json "($code == 1) == (len(findings) > 0)"
expect 0 check golden.log --size 64M --atomic write --to mark:f2 --checker 'command:e2fsck -fp {}' \
  --clean-exit 0,1 --json report.json
says out 'every permitted state is clean'
# A finding of a command is reproduced by the line it gives, quotes and all.
cat >picky <<'PICKY'
#!/bin/bash
if [ "$(dd if="$1" bs=1024 skip=16387 count=1 status=none | tr -d '\0' | wc -c)" -gt 0 ]; then
  echo "block 16387 is there"
  exit 1
fi
PICKY
expect 1 check golden.log --size 64M --atomic write --to mark:f1 --stop-after 1 \
  --checker "command:bash '$PWD/picky' {}"
says out 'block 16387 is there'
line=$(grep -m 1 'reproduce: ' out)
eval "set -- ${line#*reproduce: powercut }"
expect 1 "$@"
