#!/bin/bash
# pyosys 0.70: `abc -liberty` converts the library into a cache of its own below the temporary directory
# (yosys-liberty-scl-cache-*) and leaves it there when the process ends: another one whenever the same text lies in
# another place, as it does for flows that run in scratch directories, half a megabyte for NanGate's 45 nm cells each.
# `TMPDIR` says where; a scratch directory of one's own for it is the cure.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'pyosys==0.70'
cat > cells.lib <<'LIB'
library (small) {
  delay_model : table_lookup;
  time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA"; capacitive_load_unit (1, ff);
  lu_table_template (t) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0, 1"); index_2 ("0, 100"); }
LIB
for cell in 'INV:A:!A' 'BUF:A:A' 'NAND2:A B:!(A*B)' 'NOR2:A B:!(A+B)'; do
  IFS=: read -r name pins function <<< "$cell"
  echo "  cell ($name) { area : 1;"
  for pin in $pins; do echo "    pin ($pin) { direction : input; capacitance : 2; }"; done
  echo "    pin (Y) { direction : output; function : \"$function\";"
  for pin in $pins; do
    sense=$([ "$name" = BUF ] && echo positive_unate || echo negative_unate)
    echo "      timing () { related_pin : \"$pin\"; timing_sense : $sense;"
    for kind in cell_rise cell_fall rise_transition fall_transition; do
      echo "        $kind (t) { values (\"0.1, 1.1\", \"0.1, 1.1\"); }"
    done
    echo "      }"
  done
  echo "    } }"
done >> cells.lib
echo "}" >> cells.lib
echo 'module top(input a, b, output y); assign y = a & b; endmodule' > top.v
cat > run.py <<'PY'
from pyosys import libyosys
design = libyosys.Design()
for line in ("read_verilog top.v", "synth -top top -noabc", "abc -liberty cells.lib", "stat"):
    libyosys.run_pass(line, design)
PY
mkdir temporary
for run in first second; do
  mkdir $run
  cp cells.lib top.v run.py $run
  (cd $run; TMPDIR="$work/temporary" "$work/venv/bin/python" run.py) > log.txt 2>&1 || { tail -3 log.txt; exit 2; }
done
grep -E 'NAND2|INV' log.txt | tail -2
found=$(find temporary -name '*.scl' | wc -l)
(cd temporary && find . -name '*.scl' | sort)
if [ "$found" = 2 ]; then echo "pyosys 0.70: $found converted libraries left in the temporary directory"; else echo "changed"; exit 1; fi
