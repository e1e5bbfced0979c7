#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Random workloads: a seed is a workload, and it can be done.

. "$CLI/lib.sh"

show generate --random 7 --operations 20 --fs xfs
expect 0 generate --random 1 --limit 3 --operations 50 --out seeds
ls seeds
for seed in 1 2 3; do
  expect 0 generate --random "$seed" --operations 50
  tail -n +2 out | cmp - "seeds/random-$seed.scenario" || fail "seed $seed is another"
done
cmp -s seeds/random-1.scenario seeds/random-2.scenario && fail "two seeds are the same"
expect 0 generate --random 5 --operations 300 --without dwrite,falloc,setxattr --out one
grep -qE '^  (open .* direct|falloc|setxattr)' one/* && fail "--without is not heeded"
mkdir root
expect 0 perform one/random-5.scenario --in root --no-marks
