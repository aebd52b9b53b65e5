# Timing of $top: one clock; a fifth of its period is spent outside at inputs and at outputs.
create_clock -name $clock -period $period_ns [get_ports $clock]
set_input_delay $io_delay_ns -clock $clock [all_inputs]
set_input_delay 0 -clock $clock [get_ports $clock]
set_output_delay $io_delay_ns -clock $clock [all_outputs]
