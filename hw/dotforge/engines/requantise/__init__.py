"""Post-processing of sums: the scales of activations computed on the fly, for the next vector-scaled MAC.

Source: Dally, "Hardware for Deep Learning", section "Vector Scaling" (VS-Quant, arXiv 2102.04503).
"""
