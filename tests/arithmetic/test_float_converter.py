# amaranth: UnusedElaboratable=no
"""Conversions between floating-point formats against NumPy and ml_dtypes, bit for bit."""

import itertools
from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic.float_converter import FloatConverter
from dotforge.export.verilog import convert as to_verilog
from dotforge.formats import table as formats
from dotforge.formats.table import BF16, FP8_E4M3, FP8_E5M2, FP16, FP32, FloatFormat
from dotforge_golden.float_converter import convert

from .floats import classes, draw, run, run_text, show

SMALL = [BF16, FP16, FP8_E4M3, FP8_E5M2]
PAIRS = list(itertools.permutations(SMALL, 2))


def name(format: FloatFormat) -> str:
    return format.name


def values_of(source: FloatFormat, target: FloatFormat, count: int, seed: int) -> np.ndarray:
    """All values of formats of up to 16 bits; else corners, and random ones with many ties near the ends."""
    if source.width <= 16:
        return np.arange(1 << source.width).astype(np.uint32)
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    ends = source.bias - target.bias + np.array([0, target.exponent_mask])
    reach = target.mantissa_bits + 4
    exponents = np.clip(np.arange(-reach, reach) + ends[:, None], 0, source.exponent_mask)
    corners = classes(source, np.unique(np.append(exponents.ravel(), [0, 1, source.exponent_mask])))
    drawn = draw(source, count, rng).astype(np.int64)
    near_end = rng.choice(ends, count) + rng.integers(-reach, reach, count)
    field = source.exponent_mask << source.mantissa_bits
    moved = drawn & ~field | np.clip(near_end, 0, source.exponent_mask) << source.mantissa_bits
    # The same with all but a few of the lost bits cleared: ties.
    tied = (
        moved
        >> (source.mantissa_bits - target.mantissa_bits - 1)
        << (source.mantissa_bits - target.mantissa_bits - 1)
    )
    return np.concatenate([corners, drawn, moved, tied]).astype(np.uint32)


def check(source: FloatFormat, target: FloatFormat, **options: Any) -> None:
    block = FloatConverter(source, target, **options)
    values = values_of(source, target, 30_000, seed=1)
    found = run(block, i=values)
    for other in ("pipeline", "operators"):
        options.pop(other, None)
    wanted = convert(values, source.name, target.name, **options)
    assert len(found) == len(values) >= 256
    assert np.array_equal(found, wanted), show(found, wanted, values)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=name)
def test_every_value_of_small_formats(source: FloatFormat, target: FloatFormat) -> None:
    check(source, target)


@pytest.mark.parametrize("target", SMALL, ids=name)
@pytest.mark.parametrize(("overflow", "flush"), [("saturate", False), ("special", True)])
def test_narrowing(target: FloatFormat, overflow: str, flush: bool) -> None:
    check(FP32, target, overflow=overflow, flush_subnormals=flush, operators=flush)


@pytest.mark.parametrize("source", SMALL, ids=name)
def test_widening_is_exact(source: FloatFormat) -> None:
    check(source, FP32)


def test_widening_flushed() -> None:
    check(FP16, FP32, flush_subnormals=True)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), PAIRS, ids=name)
@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("overflow", ["saturate", "special"])
def test_every_option_of_small_formats(
    source: FloatFormat, target: FloatFormat, overflow: str, flush: bool
) -> None:
    check(source, target, overflow=overflow, flush_subnormals=flush)


@pytest.mark.parametrize("pipeline", [1, 2])
def test_every_depth(pipeline: int) -> None:
    block = FloatConverter(FP32, FP8_E4M3, pipeline=pipeline)
    assert block.latency == pipeline
    values = values_of(FP32, FP8_E4M3, 5_000, seed=2)
    design, wanted = to_verilog(block), convert(values, "FP32", "FP8_E4M3")
    for latency in (pipeline - 1, pipeline):
        found = run_text(design, latency, i=values)
        assert np.array_equal(found, wanted) == (latency == pipeline), f"latency {latency}"


MUTATIONS = {
    "overflow missed": (r"assign over = .*;", "assign over = 1'h0;"),
    "ties away from zero": (r"assign round_up = .*;", "assign round_up = align_by_1[0];"),
    "subnormals not aligned": (r"assign amount = .*;", "assign amount = 4'h0;"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    design = mutate(to_verilog(FloatConverter(FP32, FP16)), *MUTATIONS[name])
    values = values_of(FP32, FP16, 5_000, seed=3)
    assert not np.array_equal(run_text(design, 0, i=values), convert(values, "FP32", "FP16"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": 3}, "FloatConverter: pipeline is 0…2, not 3"),
        ({"overflow": "wrap"}, "FloatConverter: overflow is saturate or special, not wrap"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        FloatConverter(formats.FP32, formats.FP16, **arguments)
