"""Dot-product engines for deep learning: Amaranth components, flows and the command line."""
