"""Operands of integer units, and a run of a block over them."""

from typing import Any

import numpy as np

from dotforge.block import Block
from dotforge.export.verilog import Design, convert
from dotforge_sim.simulator.cosim import evaluate

__all__ = ["corners", "draw", "encoded", "every_pair", "numbers", "run", "run_text"]


def encoded(values: np.ndarray, width: int) -> np.ndarray:
    """Return signed integers as unsigned encodings."""
    return np.asarray(values, np.int64).view(np.uint64) & np.uint64((1 << width) - 1)


def numbers(codes: np.ndarray, width: int) -> np.ndarray:
    """Return encodings as signed integers."""
    codes = codes.astype(np.int64)
    return codes - ((codes >> (width - 1)) << width)


def corners(width: int) -> np.ndarray:
    """Return the ends of the range, what is near zero, single bits and runs of ones."""
    powers = [1 << bit for bit in range(width - 1)]
    some = {0, -1, *powers, *(-power for power in powers), *(power - 1 for power in powers)}
    return np.array(sorted(some | {-(1 << (width - 1)), (1 << (width - 1)) - 1}))


def draw(width: int, count: int, seed: int) -> np.ndarray:
    """Draw integers, one of four a corner."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    values = rng.integers(-(1 << (width - 1)), 1 << (width - 1), count)
    return np.where(rng.integers(0, 4, count) == 0, rng.choice(corners(width), count), values)


def every_pair(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.meshgrid(first, second)
    return a.ravel(), b.ravel()


def run(block: Block, **inputs: Any) -> dict[str, np.ndarray]:
    """Evaluate a block; a pipeline is never stalled."""
    return run_text(convert(block), block.latency, **inputs)


def run_text(design: Design, latency: int, **inputs: Any) -> dict[str, np.ndarray]:
    if any(port.name == "en" for port in design.ports):
        inputs = {"en": 1} | inputs
    return evaluate(design.verilog, design.top, design.ports, inputs, latency=latency)
