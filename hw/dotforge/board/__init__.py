"""Self-test of an engine on a board: pattern source, engine, signatures, verdict on LEDs and a serial line."""
