"""Log-weight MAC: a weight that is a power of two turns multiply-add into shift-and-add.

Source: Dally, "Core operations" (3-bit exponential weights, 4-bit activations, 16-bit running sum).
"""
