#!/bin/bash
# OpenSTA 2.0.17 (Debian 12): its Verilog reader refuses `wire signed` (Verilog-2001, and what Yosys writes for signed
# signals) with a syntax error. Without the word the same netlist is read.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version='0~20191111gitc018cb2+dfsg-1'
apt-get download -q "opensta=$version" libtcl8.6 tcl8.6 libreadline8 >/dev/null 2>&1 || { echo "cannot download opensta=$version (Debian 12)"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$work/root/usr/lib/$(uname -m)-linux-gnu" TCL_LIBRARY="$work/root/usr/share/tcltk/tcl8.6"
sta() { "$work/root/usr/bin/sta" -no_init -no_splash -exit "$1" 2>&1; }
cat > cells.lib <<'LIB'
library (one) {
  delay_model : table_lookup;
  time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA"; leakage_power_unit : "1nW";
  capacitive_load_unit (1, ff); pulling_resistance_unit : "1kohm";
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  nom_voltage : 1.0; nom_process : 1; nom_temperature : 25;
  operating_conditions (typical) { process : 1; temperature : 25; voltage : 1.0; }
  default_operating_conditions : typical;
  cell (INV) {
    area : 1;
    pin (A) { direction : input; capacitance : 2; }
    pin (Y) { direction : output; function : "!A";
      timing () { related_pin : "A"; timing_sense : negative_unate;
        cell_rise (scalar) { values ("0.1"); } cell_fall (scalar) { values ("0.1"); }
        rise_transition (scalar) { values ("0.01"); } fall_transition (scalar) { values ("0.01"); } }
      internal_power () { related_pin : "A"; rise_power (scalar) { values ("3"); } fall_power (scalar) { values ("7"); } } }
  }
}
LIB
cat > netlist.v <<'NET'
module top (a, y);
  input a;
  output y;
  INV u (.A(a), .Y(y));
endmodule
NET
cat > signed.v <<'NET'
module top (a, y);
  input a;
  output y;
  wire signed [1:0] n;
  INV u (.A(a), .Y(n[0]));
  INV v (.A(n[0]), .Y(y));
endmodule
NET
sed 's/ signed//' signed.v > plain.v
for name in signed plain; do
  printf 'read_liberty cells.lib\nread_verilog %s.v\nlink_design top\nputs "cells: [llength [get_cells *]]"\n' $name > $name.tcl
done
signed=$(sta signed.tcl || true)
plain=$(sta plain.tcl)
echo "wire signed: $signed"
echo "wire:        $plain"
if echo "$signed" | grep -q 'signed.v, line 4 syntax error' && [ "$plain" = "cells: 2" ]; then
  echo "OpenSTA 2.0.17: wire signed is a syntax error"
else
  echo "changed"; exit 1
fi
