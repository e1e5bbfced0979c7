#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The SVG is well-formed XML that asks for nothing, whatever the log says.

. "$CLI/lib.sh"

golden_log golden.log
needs python3
expect 0 report golden.log --size 64M --svg golden.svg
expect 0 report golden.log --size 64M --svg -
cmp out golden.svg || fail "stdout gets another picture"
expect 0 model clone --fault -o '<clone> & "log"'
expect 0 report '<clone> & "log"' --svg clone.svg
python3 - golden.svg clone.svg <<'PYTHON'
import re, sys
import xml.etree.ElementTree as xml
for name in sys.argv[1:]:
    text = open(name).read()
    tags = {element.tag.split("}")[1] for element in xml.fromstring(text).iter()}
    print(name, sorted(tags), re.findall(r"href|url\(|<script", text))
PYTHON
