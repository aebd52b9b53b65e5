"""Operands that make floating-point units work hard, and a run of a block over them."""

from typing import Any

import numpy as np

from dotforge.block import Block
from dotforge.export.verilog import Design, convert
from dotforge.formats.table import FloatFormat
from dotforge_sim.simulator.cosim import evaluate

__all__ = ["classes", "draw", "near", "run", "run_text", "show"]


def run(block: Block, **inputs: Any) -> np.ndarray:
    """Evaluate a block with ports a, b or i and o; a pipeline is never stalled."""
    return run_text(convert(block), block.latency, **inputs)


def run_text(design: Design, latency: int, **inputs: Any) -> np.ndarray:
    if any(port.name == "en" for port in design.ports):
        inputs = {"en": 1} | inputs
    return evaluate(design.verilog, design.top, design.ports, inputs, latency=latency)["o"]


def show(found: np.ndarray, wanted: np.ndarray, *operands: np.ndarray) -> str:
    """Say which operands failed."""
    bad = np.flatnonzero(found != wanted)
    rows = [
        " ".join(f"{operand[i]:x}" for operand in operands) + f": {found[i]:x}, not {wanted[i]:x}"
        for i in bad[:5]
    ]
    return f"{len(bad)} of {len(found)} differ: " + "; ".join(rows)


def _pack(format: FloatFormat, sign: np.ndarray, exponent: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    return (sign << (format.width - 1) | exponent << format.mantissa_bits | fraction).astype(np.uint32)


def fractions(format: FloatFormat) -> np.ndarray:
    """Corners of the fraction: ends, one bit, all but one, halves, alternating."""
    bits, top = format.mantissa_bits, (1 << format.mantissa_bits) - 1
    some = {0, 1, 2, top, top - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1, (1 << (bits - 1)) + 1}
    some |= {0x5555_5555_5555_5555 & top, top ^ (1 << (bits // 2))}
    return np.array(sorted(value for value in some if 0 <= value <= top))


def classes(format: FloatFormat, exponents: np.ndarray | None = None) -> np.ndarray:
    """Return all classes of numbers at their corners: signs, chosen exponents (else corners), fractions."""
    if exponents is None:
        mask, bits = format.exponent_mask, format.mantissa_bits
        some = {0, 1, 2, 3, bits, bits + 1, bits + 2, bits + 3, format.bias - 1, format.bias, format.bias + 1}
        some |= {mask - 2, mask - 1, mask}
        exponents = np.array(sorted(value for value in some if 0 <= value <= mask))
    grid = np.meshgrid(np.array([0, 1]), exponents, fractions(format), indexing="ij")
    return _pack(format, *(axis.ravel() for axis in grid))


def draw(format: FloatFormat, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers: any exponent, or one near an end; fractions with long runs of ones and zeros, or any."""
    mask, bits = format.exponent_mask, format.mantissa_bits
    low = rng.integers(0, min(4, mask), count)
    where = rng.integers(0, 8, count)
    exponent = np.select([where == 0, where == 1], [low, mask - low], rng.integers(0, mask + 1, count))
    return _pack(format, rng.integers(0, 2, count), exponent, _fraction(bits, count, rng))


def near(format: FloatFormat, first: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw second operands of additions, so that sums cancel, tie, carry and leave the range.

    Their exponents are at every distance that an adder tells apart, many of their fractions a few units off.
    """
    count, mask, bits = len(first), format.exponent_mask, format.mantissa_bits
    distances = [
        0,
        0,
        0,
        1,
        1,
        2,
        3,
        bits - 1,
        bits,
        bits + 1,
        bits + 2,
        bits + 3,
        bits + 4,
        bits + 8,
        2 * bits,
    ]
    distance = np.where(
        rng.integers(0, 4, count) == 0, rng.integers(0, bits + 6, count), rng.choice(distances, count)
    )
    exponent = (first >> bits & mask).astype(np.int64) + distance * rng.choice([-1, 1], count)
    fraction = _fraction(bits, count, rng)
    close = (first & ((1 << bits) - 1)).astype(np.int64) + rng.integers(-3, 4, count)
    fraction = np.where(rng.integers(0, 3, count) == 0, np.clip(close, 0, (1 << bits) - 1), fraction)
    return _pack(format, rng.integers(0, 2, count), np.clip(exponent, 0, mask), fraction)


def _fraction(bits: int, count: int, rng: np.random.Generator) -> np.ndarray:
    top = (1 << bits) - 1
    any_bits = rng.integers(0, top + 1, count)
    place = rng.integers(0, bits + 1, count)
    kinds = [
        np.zeros(count, np.int64),
        np.full(count, top),
        (1 << place) & top,
        top ^ ((1 << place) & top),
        (top << place) & top,
        top >> place,
        (any_bits >> place) << place,
    ]
    return np.select([rng.integers(0, 14, count) == kind for kind in range(len(kinds))], kinds, any_bits)
