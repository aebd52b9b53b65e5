"""Compiled Verilog: beats of streams, batches of vectors and cocotb benches through it, and the cache of simulators."""
