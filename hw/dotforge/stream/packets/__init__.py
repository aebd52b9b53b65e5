"""Packets of compressed tiles in hardware: read into rows, values and vectors; written from results."""
