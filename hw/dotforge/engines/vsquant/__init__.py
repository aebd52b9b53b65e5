"""Vector-scaled integer MAC (VS-Quant): a dot product of short integer vectors, each with a scale of its own.

Source: Dally, "Hardware for Deep Learning", section "Vector Scaling" (VS-Quant, arXiv 2102.04503).
"""
