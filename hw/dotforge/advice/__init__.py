"""Which engine fits a layer: candidates, their accuracy and cost on real matrices, and their ranking."""
