"""Flex-DPE: sparse matrices in, exact sums out."""
