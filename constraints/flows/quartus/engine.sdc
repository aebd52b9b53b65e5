# Timing of $top in Quartus, whose times are ns: one clock. Its other ports are virtual pins, whose paths say nothing.
create_clock -name $clock -period $period_ns [get_ports $clock]
derive_clock_uncertainty
set_false_path -from [remove_from_collection [all_inputs] [get_ports $clock]]
set_false_path -to [all_outputs]
