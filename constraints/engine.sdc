# Timing of {top}: one clock; inputs and outputs take {io_fraction} of its period outside.
create_clock -name {clock} -period {period_ns} [get_ports {clock}]
set_input_delay {io_delay_ns} -clock {clock} [remove_from_collection [all_inputs] [get_ports {clock}]]
set_output_delay {io_delay_ns} -clock {clock} [all_outputs]
