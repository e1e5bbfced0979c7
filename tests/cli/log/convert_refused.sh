#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A log that cannot be written leaves nothing.

. "$CLI/lib.sh"

golden_log golden.log
show log convert golden.log -o no/such/dir/new.log
show log convert missing.log -o new.log
show log convert golden.log -o .
ls
