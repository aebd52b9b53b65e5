"""AXI-Stream on the outside of every engine, and AXI4-Lite where there are registers."""
