# $top by itself in Vivado: vivado -mode batch -source $top.tcl -tclargs PART
# Writes reports that `dotforge import ${top}_utilization.rpt ${top}_timing.rpt` reads, and a checkpoint to link.
set part [expr {[llength $$argv] > 0 ? [lindex $$argv 0] : "xc7a200tfbg676-2"}]
set generated [file normalize [file join [file dirname [info script]] .. ..]]

read_verilog [file join $$generated $top.v]
read_xdc -mode out_of_context [file join $$generated constraints $top.xdc]
synth_design -top $top -part $$part -mode out_of_context
opt_design
place_design
route_design
report_utilization -file ${top}_utilization.rpt
report_timing_summary -file ${top}_timing.rpt
write_checkpoint -force $top.dcp
