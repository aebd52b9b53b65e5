# Timing of $top, synthesized out of context: one clock.
create_clock -name $clock -period $period_ns [get_ports $clock]
