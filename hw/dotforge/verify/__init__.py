"""Benches on generated Verilog, and the vectors that they leave."""
