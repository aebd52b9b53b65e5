#!/bin/bash
# OpenSTA 2.0.17 (Debian 12, 0~20191111gitc018cb2+dfsg-1) reports twice the internal power that the Liberty says.
# One inverter whose output takes 3 fJ to rise and 7 fJ to fall, 0.5 toggles a cycle of 10 ns: by hand (and in OpenSTA
# 3.1.0) (3 + 7) / 2 fJ * 0.5 * 100 MHz = 250 nW. It says 500 nW: it multiplies the sum of both edges' energies by the
# toggles of both edges. Internal power of an input pin without `related_pin` and `when` is right.
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
cat > run.tcl <<'TCL'
read_liberty cells.lib
read_verilog netlist.v
link_design top
create_clock -name clk -period 10
set_input_delay 0 -clock clk [all_inputs]
set_output_delay 0 -clock clk [all_outputs]
set_power_activity -input -activity 0.5 -duty 0.5
report_power -digits 6
TCL
said=$(sta run.tcl)
echo "$said" | grep '^Total'
internal=$(echo "$said" | awk '/^Total/ {print $2}')
if awk -v found="$internal" 'BEGIN {exit !(found > 4.99e-7 && found < 5.01e-7)}'; then
  echo "OpenSTA 2.0.17: internal power $internal W, by hand 2.5e-07 W"
else
  echo "changed: internal power $internal W"; exit 1
fi
