#!/bin/bash
# OpenSTA 2.0.17 (Debian 12; 3.1.0 does the same): `set_units -time ns` in an SDC file sets nothing. With a library in
# ps it warns, and `create_clock -period 10` after it is a clock of 10 ps. `set_cmd_units -time ns` does set the unit.
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
sed -i 's/time_unit : "1ns"/time_unit : "1ps"/' cells.lib
printf 'set_units -time ns\ncreate_clock -name clk -period 10\n' > standard.sdc
printf 'set_cmd_units -time ns\ncreate_clock -name clk -period 10\n' > own.sdc
for name in standard own; do
  printf 'read_liberty cells.lib\nread_verilog netlist.v\nlink_design top\nread_sdc %s.sdc\nset_cmd_units -time ps\n' $name > $name.tcl
  echo 'puts "period in ps: [expr round([get_property [get_clocks clk] period])]"' >> $name.tcl
done
standard=$(sta standard.tcl)
own=$(sta own.tcl)
echo "set_units: $standard"
echo "set_cmd_units: $own"
if echo "$standard" | grep -q '^period in ps: 10$' && echo "$own" | grep -q '^period in ps: 10000$'; then
  echo "OpenSTA 2.0.17: after set_units -time ns, -period 10 is 10 ps with a library in ps"
else
  echo "changed"; exit 1
fi
