# Timing of $top in OpenROAD-flow-scripts: one clock; $io_percent % of its period is spent outside at inputs and at outputs.
# Times are in ns whatever the platform counts in (ASAP7 in ps): the unit is told here, and told back at the end.
current_design $top
set clk_name $clock
set clk_port_name $clock
set clk_period $period_ns
set clk_io_pct $io_fraction

set platform_time [sta::unit_scale time]
set_cmd_units -time ns
set clk_port [get_ports $$clk_port_name]
create_clock -name $$clk_name -period $$clk_period $$clk_port
set data_inputs {}
foreach port [all_inputs] {
  if {[get_property $$port full_name] ne $$clk_port_name} {
    lappend data_inputs $$port
  }
}
set_input_delay [expr {$$clk_period * $$clk_io_pct}] -clock $$clk_name $$data_inputs
set_output_delay [expr {$$clk_period * $$clk_io_pct}] -clock $$clk_name [all_outputs]
sta::set_cmd_unit_scale time $$platform_time
