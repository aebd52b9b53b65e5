# amaranth: UnusedElaboratable=no
"""Conversions between integer formats against NumPy, bit for bit."""

from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic import units
from dotforge.arithmetic.integer_converter import IntegerConverter
from dotforge.export.verilog import Design, convert
from dotforge.formats.table import INT4, INT8, INT16, INT32, IntegerFormat
from dotforge_golden import integer_converter as golden

from .integers import draw, encoded, run_text


def check(block: IntegerConverter, design: Design | None = None) -> bool:
    """Tell whether every value (of wide sources: random ones) is converted right."""
    source, target = block.source.width, block.target.width
    if source <= 16:
        values = np.arange(-(1 << (source - 1)), 1 << (source - 1))
    else:  # of every magnitude
        shifts = np.random.default_rng(1).integers(0, source - 1, 50_000)
        values = draw(source, 50_000, seed=2) >> shifts
    found = run_text(design or convert(block), block.latency, i=encoded(values, source))["o"]
    assert len(found) == len(values) == (1 << source if source <= 16 else 50_000)
    right = golden.convert(values, source, target, overflow=block.overflow)
    return np.array_equal(found, encoded(right, target))


@pytest.mark.parametrize("overflow", ["saturate", "wrap"])
@pytest.mark.parametrize(
    ("source", "target"),
    [(4, 4), (4, 8), (8, 4), (8, 1), (1, 8), (8, 7), (16, 8), (8, 32), (32, 16), (32, 31)],
)
def test_values(source: int, target: int, overflow: str) -> None:
    assert check(IntegerConverter(IntegerFormat(source), IntegerFormat(target), overflow=overflow))


def test_register() -> None:
    block = units.converter(INT16, INT8, pipeline=1)
    assert block.latency == 1
    assert check(block)
    block.latency = 0
    assert not check(block)


MUTATIONS = {
    "overflow never seen": (r"(assign over) = .*;", r"\1 = 1'h0;"),
    "the target's own sign not looked at": (r"(assign over) = .*;", r"\1 = ^i[7:4];"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    block = units.converter(INT8, INT4)
    assert not check(block, mutate(convert(block), *MUTATIONS[name]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": 2}, "IntegerConverter: pipeline is 0…1, not 2"),
        ({"overflow": "special"}, "IntegerConverter: overflow is saturate or wrap, not special"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        units.converter(INT32, INT8, **arguments)
