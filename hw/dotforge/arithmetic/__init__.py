"""Integer, floating-point and logarithmic multipliers and adders."""
