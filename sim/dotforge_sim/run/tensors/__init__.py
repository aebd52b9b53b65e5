"""Tensors in files: which one is meant, what its header claims, and its numbers, read without running anything."""
