#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What there is no model of, and what would be without effect, is refused.

. "$CLI/lib.sh"

show model
show model raid -o x.log
show model clone
show model clone --domain both -o x.log
show model clone --order random -o x.log
show model order --domain shared -o x.log
show model journal --late -o x.log
show model clone --fault --late -o x.log
if [ -e x.log ]; then fail "a log was made"; fi
expect 0 model order -o x.log
show check x.log --checker model:raid
show check x.log --checker model:clone
show check x.log --checker model:journal
show check x.log --checker model:order --data
