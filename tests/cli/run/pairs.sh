#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Of a broken setup and its sound twin the first is found and the second is proved clean;
# with the expectations the wrong way round both are told, and the exit code is 1.

. "$CLI/lib.sh"

needs_root
needs mkfs.ext4 e2fsck
library=$CLI/../../scenarios/library
twins=(pairs/ext4-data-ordered-flushes pairs/ext4-writeback-stale)

echo "As they come:"
expect 0 run "${twins[0]}-broken" "${twins[0]}-sound" "${twins[1]}-broken" "${twins[1]}-sound" \
  --json as-expected.json
told out
json as-expected.json '[s["result"] for s in scenarios] == ["as-expected"] * 4'
json as-expected.json '[len(s["findings"]) > 0 for s in scenarios] == [True, False] * 2'
json as-expected.json '[s["proved"] for s in scenarios] == [False, True] * 2'
json as-expected.json 'all("acknowledged by" in s["why"] for s in d["scenarios"][::2])'

mkdir wrong
for twin in "${twins[@]}"; do
  sed 's/^expect finding/expect clean/' "$library/$twin-broken.scenario" \
    >"wrong/${twin##*/}-broken.scenario"
  sed 's/^expect clean/expect finding/' "$library/$twin-sound.scenario" \
    >"wrong/${twin##*/}-sound.scenario"
done
echo "With expectations that are wrong:"
expect 1 run wrong --quiet --json wrong.json
told out
json wrong.json '[s["result"] for s in scenarios] == ["unexpected"] * 4 and unexpected == 4'
json wrong.json '[s["finding_expected"] for s in scenarios] == [False, True] * 2'
# What is lost is named, with the operation that had promised it.
json wrong.json 'any("is missing, acknowledged by `fsync d/two` (line 17) [file-names]" in c
                     for f in d["scenarios"][0]["findings"] for c in f["complaints"])'
json wrong.json 'any("/foo has a stale block" in c and "[posix]" in c
                     for f in d["scenarios"][2]["findings"] for c in f["complaints"])'
says out 'is missing, acknowledged by'
says out '/foo has a stale block'

# A finding is expected, and another is there.
sed 's/^expect finding.*/expect finding "never said by anyone"/' \
  "$library/${twins[0]}-broken.scenario" >other.scenario
expect 1 run other.scenario
says out "FAIL    other  found something else than 'never said by anyone': "
sed 's/^expect finding.*/expect finding "is missing, acknowledged by"/' \
  "$library/${twins[0]}-broken.scenario" >that.scenario
expect 0 run that.scenario

echo "Writes that a flush does not cover, each time:"
expect 0 run pairs/order-flush-{between,too-early}-{broken,sound} --repeat 5 --jobs 4 --quiet \
  --json order.json
told out
json order.json 'all(s["proved"] for s in scenarios)'
json order.json '[len(s["findings"]) > 0 for s in scenarios] == [True, False, True, False] * 5'
# Nothing is found but what the program claims.
json order.json 'all(c.endswith("[claimed]") for s in d["scenarios"] for f in s["findings"]
                     for c in f["complaints"])'
json order.json 'all("`submit @d 8K 4K as b`" in c for s in d["scenarios"][::4]
                     for f in s["findings"] for c in f["complaints"])'
mkdir wrong-order
for twin in between too-early; do
  sed 's/^expect finding.*/expect clean/' "$library/pairs/order-flush-$twin-broken.scenario" \
    >"wrong-order/$twin-broken.scenario"
  sed 's/^expect clean/expect finding/' "$library/pairs/order-flush-$twin-sound.scenario" \
    >"wrong-order/$twin-sound.scenario"
done
expect 1 run wrong-order
told out
