# Timing of $top in LibreLane: one clock; $io_percent % of its period is spent outside at inputs and at outputs.
# An SDC file of a design's own stands in for LibreLane's, so all that comes with its configuration is applied here
# too: derating, uncertainty and transition of the clock, driving cells, load, and the limits of the PDK.
proc configured {name command} {
  if {[info exists ::env($$name)] && $$::env($$name) ne ""} {
    uplevel #0 [string map [list VALUE $$::env($$name)] $$command]
  }
}
set period $period_ns
configured CLOCK_PERIOD {set period VALUE}
set io_delay [expr {$$period * $io_percent / 100.0}]
configured IO_DELAY_CONSTRAINT {set io_delay [expr {$$period * VALUE / 100.0}]}

set data_inputs {}
foreach port [all_inputs] {
  if {[get_property $$port full_name] ne "$clock"} {
    lappend data_inputs $$port
  }
}
create_clock -name $clock -period $$period [get_ports $clock]
set_input_delay $$io_delay -clock $clock $$data_inputs
set_output_delay $$io_delay -clock $clock [all_outputs]

configured CLOCK_UNCERTAINTY_CONSTRAINT {set_clock_uncertainty VALUE [get_clocks $clock]}
configured CLOCK_TRANSITION_CONSTRAINT {set_clock_transition VALUE [get_clocks $clock]}
configured TIME_DERATING_CONSTRAINT {set_timing_derate -early [expr {1 - VALUE / 100.0}]}
configured TIME_DERATING_CONSTRAINT {set_timing_derate -late [expr {1 + VALUE / 100.0}]}
# A driving cell is written cell/pin; the clock has one of its own, or that of the other inputs.
set clock_driver SYNTH_DRIVING_CELL
configured SYNTH_CLK_DRIVING_CELL {set clock_driver SYNTH_CLK_DRIVING_CELL}
foreach {name inputs} [list SYNTH_DRIVING_CELL $$data_inputs $$clock_driver [get_ports $clock]] {
  configured $$name {
    lassign [split VALUE /] cell pin
    set_driving_cell -lib_cell $$cell -pin $$pin $$inputs
  }
}
# In femtofarads there, in picofarads here.
configured OUTPUT_CAP_LOAD {set_load [expr {VALUE / 1000.0}] [all_outputs]}
configured MAX_FANOUT_CONSTRAINT {set_max_fanout VALUE [current_design]}
configured MAX_TRANSITION_CONSTRAINT {set_max_transition VALUE [current_design]}
configured MAX_CAPACITANCE_CONSTRAINT {set_max_capacitance VALUE [current_design]}
# Before the clock tree is there, LibreLane asks for an ideal clock.
if {[info exists ::env(OPENLANE_SDC_IDEAL_CLOCKS)] && $$::env(OPENLANE_SDC_IDEAL_CLOCKS)} {
  unset_propagated_clock [all_clocks]
} else {
  set_propagated_clock [all_clocks]
}
