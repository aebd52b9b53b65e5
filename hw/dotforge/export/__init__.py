"""From a component to its Verilog, manifest and constraints."""
