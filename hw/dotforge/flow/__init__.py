"""From a component to Verilog, reports and collateral."""
