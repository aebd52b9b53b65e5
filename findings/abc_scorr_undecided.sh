#!/bin/bash
# yosys-abc of pyosys 0.70: `scorr` reduces the miter of two equal registers to the constant 0, the best there is, and then the
# provers for sequential circuits have no answer: `pdr` says "Property UNDECIDED" (status -1), `bmc3` and `int` "Does not
# work for combinational networks". Without `scorr`, `pdr` proves it. Expected: an output that is constant 0 counts as
# proved. A flow that reads "not proved" from that is wrong: `dprove`, or `sat` once no latch is left, answers
# UNSATISFIABLE (status 1).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'pyosys==0.70' 2>pip.txt || { cat pip.txt; exit 2; }
cat > top.v <<'V'
module left(input clk, input [3:0] d, output q); reg [3:0] r = 0; always @(posedge clk) r <= d; assign q = ^r; endmodule
module right(input clk, input [3:0] d, output q); reg r = 0; always @(posedge clk) r <= ^d; assign q = r; endmodule
V
cat > miter.py <<'PY'
from pyosys import libyosys
design = libyosys.Design()
for line in ("read_verilog top.v", "proc", "miter -equiv -flatten left right top", "hierarchy -top top", "prep -flatten",
             "techmap", "opt -nodffe -nosdff", "aigmap", "write_aiger -zinit top.aig"):
    libyosys.run_pass(line, design)
PY
venv/bin/python miter.py >log.txt 2>&1 || { tail -3 log.txt; exit 2; }
abc=$(venv/bin/python -c 'import pathlib, pyosys; print(pathlib.Path(pyosys.__file__).with_name("yosys-abc"))')
answer() { # COMMANDS: the status that ABC ends with, and what it said
  "$abc" -c "read_aiger top.aig; strash; $1; print_status" >log.txt 2>&1 || { cat log.txt; exit 2; }
  status=$(grep -oE 'Status = *-?[0-9]+' log.txt | grep -oE '[-0-9]+$')
  said=$(grep -oE 'Property [A-Za-z]+|UNSATISFIABLE|Does not work for combinational networks' log.txt || true)
  echo "$1: $said, status $status"
}
for commands in 'pdr' 'scorr; pdr' 'scorr; bmc3' 'scorr; int' 'scorr; sat' 'scorr; dprove'; do answer "$commands"; done | tee seen.txt
cat > known.txt <<'TXT'
pdr: Property proved, status 1
scorr; pdr: Property UNDECIDED, status -1
scorr; bmc3: Does not work for combinational networks, status -1
scorr; int: Does not work for combinational networks, status -1
scorr; sat: UNSATISFIABLE, status 1
scorr; dprove: UNSATISFIABLE, status 1
TXT
cmp -s known.txt seen.txt || { echo "changed"; exit 1; }
