"""Drawings and charts as SVG, tables as Markdown."""
