"""AXI-Stream on the outside of every engine."""
