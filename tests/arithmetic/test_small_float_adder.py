# amaranth: UnusedElaboratable=no
"""Adder of formats without infinity against NumPy and ml_dtypes, bit for bit."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from dotforge.arithmetic import units
from dotforge.arithmetic.small_float_adder import SmallFloatAdder
from dotforge.export.verilog import Design, convert
from dotforge.formats.table import BF16, FP8_E4M3, FloatFormat
from dotforge_golden import formats as golden_formats
from dotforge_golden.float_adder import add

from .floats import run_text

E3M2 = FloatFormat("FP6_E3M2", 3, 2, "none")


def check(block: SmallFloatAdder, design: Design | None = None, latency: int | None = None) -> bool:
    """Tell whether every sum is right."""
    codes = np.arange(1 << block.format.width)
    a, b = (grid.ravel() for grid in np.meshgrid(codes, codes))
    design, latency = design or convert(block), block.latency if latency is None else latency
    found = run_text(design, latency, a=a, b=b)
    fields = (
        block.format.name,
        block.format.exponent_bits,
        block.format.mantissa_bits,
        block.format.specials,
    )
    format = golden_formats.FloatFormat(*fields)
    wanted = add(a, b, format, overflow=block.overflow, flush_subnormals=block.flush_subnormals)
    assert len(found) == 4**block.format.width
    return np.array_equal(found, wanted)


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("overflow", ["saturate", "special"])
@pytest.mark.parametrize("format", [FP8_E4M3, E3M2], ids=lambda format: format.name)
def test_every_sum(format: FloatFormat, overflow: str, flush: bool) -> None:
    assert check(SmallFloatAdder(format, overflow=overflow, flush_subnormals=flush, operators=flush))


def test_golden_against_ml_dtypes() -> None:
    codes = np.arange(256, dtype=np.uint8)
    a, b = (grid.ravel() for grid in np.meshgrid(codes, codes))
    x, y = (codes.view(ml_dtypes.float8_e4m3fn).astype(np.float32) for codes in (a, b))
    with np.errstate(invalid="ignore"):
        wanted = (x + y).astype(ml_dtypes.float8_e4m3fn)
    found = add(a, b, "FP8_E4M3", overflow="special")
    numbers = ~np.isnan(wanted.astype(np.float32))
    assert np.array_equal(found[numbers], wanted.view(np.uint8)[numbers])
    assert (found[~numbers] == 0x7F).all()


@pytest.mark.parametrize("pipeline", [1, 2, 5])
def test_depth(pipeline: int) -> None:
    block = units.adder(FP8_E4M3, pipeline=pipeline)
    assert isinstance(block, SmallFloatAdder)
    assert block.latency == pipeline
    design = convert(block)
    assert check(block, design)
    assert not check(block, design, pipeline - 1)


MUTATIONS = {
    "overflow missed": (r"assign over = .*;", "assign over = 1'h0;"),
    "ties away from zero": (r"(assign round_up = normalize_by_1\[3\] & ).*;", r"\1 1'h1;"),
    "NaN of the operands lost": (r"(assign invalid = ).*;", r"\1 1'h0;"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    block = SmallFloatAdder(FP8_E4M3)
    assert not check(block, mutate(convert(block), *MUTATIONS[name]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": BF16}, "format has no infinity, unlike BF16"),
        ({"overflow": "wrap"}, "overflow is saturate or special, not wrap"),
        ({"pipeline": 6}, "pipeline is 0…5, not 6"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^SmallFloatAdder: {message}$"):
        SmallFloatAdder(**{"format": FP8_E4M3, **arguments})
