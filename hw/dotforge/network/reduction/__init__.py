"""Networks that add runs of neighbouring lanes: FAN, ART, a chain."""
