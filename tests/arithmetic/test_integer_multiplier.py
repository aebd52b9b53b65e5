# amaranth: UnusedElaboratable=no
"""Integer multiplier against NumPy, bit for bit."""

from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic import units
from dotforge.arithmetic.integer_multiplier import IntegerMultiplier
from dotforge.export.verilog import convert
from dotforge.formats.table import INT4, INT8, INT16, IntegerFormat
from dotforge_golden.integer_multiplier import multiply

from .integers import corners, draw, encoded, every_pair, run, run_text


def wanted(block: IntegerMultiplier, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a_width, b_width, width = block.a_format.width, block.b_format.width, block.product.width
    return encoded(multiply(a, b, a_width, b_width, product_width=width), width)


def check(block: IntegerMultiplier, a: np.ndarray, b: np.ndarray) -> None:
    codes = {"a": encoded(a, block.a_format.width), "b": encoded(b, block.b_format.width)}
    found = run(block, **codes)["o"]
    assert len(found) == len(a)
    bad = np.flatnonzero(found != wanted(block, a, b))
    assert not len(bad), f"{len(bad)} differ: {a[bad[0]]} · {b[bad[0]]} is not {found[bad[0]]:x}"


def everything(width: int) -> np.ndarray:
    return np.arange(-(1 << (width - 1)), 1 << (width - 1))


@pytest.mark.parametrize(
    ("a", "b", "operators"),
    [(1, 1, False), (1, 5, True), (3, 8, False), (4, 4, False), (8, 4, True), (8, 8, False), (8, 8, True)],
)
def test_every_product(a: int, b: int, operators: bool) -> None:
    block = IntegerMultiplier(IntegerFormat(a), IntegerFormat(b), operators=operators)
    assert block.product.width == a + b
    pairs = every_pair(everything(a), everything(b))
    assert len(pairs[0]) == 2 ** (a + b)
    check(block, *pairs)


@pytest.mark.parametrize("b_format", [INT4, INT16], ids=lambda format: format.name)
def test_wide_products(b_format: IntegerFormat) -> None:
    block = units.multiplier(INT16, b_format)
    check(block, *every_pair(corners(16), corners(b_format.width)))
    check(block, draw(16, 100_000, seed=1), draw(b_format.width, 100_000, seed=2))


@pytest.mark.parametrize("width", [1, 7, 15])
def test_narrow_products_wrap(width: int) -> None:
    check(units.multiplier(INT8, product=IntegerFormat(width)), *every_pair(everything(8), everything(8)))


@pytest.mark.parametrize("operators", [False, True])
@pytest.mark.parametrize("pipeline", [1, 2])
def test_every_depth(pipeline: int, operators: bool) -> None:
    block = units.multiplier(INT8, pipeline=pipeline, operators=operators)
    assert block.latency == pipeline
    a, b = draw(8, 5_000, seed=3), draw(8, 5_000, seed=4)
    design, right = convert(block), wanted(block, a, b)
    for latency in (pipeline - 1, pipeline):
        found = run_text(design, latency, a=encoded(a, 8), b=encoded(b, 8))["o"]
        assert np.array_equal(found, right) == (latency == pipeline), f"latency {latency}"


def test_stages_hold_while_not_enabled() -> None:
    design = convert(units.multiplier(INT8, pipeline=2))
    a, b = draw(8, 5_000, seed=5), draw(8, 5_000, seed=6)
    enable = np.random.default_rng(7).integers(0, 2, len(a))
    found = run_text(design, 0, a=encoded(a, 8), b=encoded(b, 8), en=enable)["o"]
    advanced = np.cumsum(enable) - enable  # rising edges with enable before each row
    known = advanced >= 2
    taken = np.flatnonzero(enable)[advanced[known] - 2]
    assert known.sum() > 4_900
    assert np.array_equal(found[known], encoded(a[taken] * b[taken], 16))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": 3}, "IntegerMultiplier: pipeline is 0…2, not 3"),
        ({"product": IntegerFormat(17)}, "IntegerMultiplier: product is at most INT16, not INT17"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        units.multiplier(INT8, **arguments)
