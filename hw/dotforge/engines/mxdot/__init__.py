"""Dot products of block formats: OCP Microscaling (MX) and NVFP4, small numbers that share a scale.

Sources: OCP Microscaling Formats (MX) Specification 1.0; NVIDIA's description of NVFP4 (blocks of 16 E2M1
elements, an E4M3 scale each, an FP32 scale for the tensor).
"""
