# Timing of $top: one clock; a fifth of its period is spent outside at inputs and at outputs. Times are in ns: OpenSTA
# would read them in the unit of the library, so it is told here, and told back at the end; others that have units are
# told too.
if {[info commands set_cmd_units] ne ""} {
  set library_time [sta::unit_scale time]
  set_cmd_units -time ns
} elseif {[info commands set_units] ne ""} {
  set_units -time ns
}
create_clock -name $clock -period $period_ns [get_ports $clock]
set_input_delay $io_delay_ns -clock $clock [all_inputs]
set_input_delay 0 -clock $clock [get_ports $clock]
set_output_delay $io_delay_ns -clock $clock [all_outputs]
if {[info exists library_time]} {
  sta::set_cmd_unit_scale time $$library_time
  unset library_time
}
