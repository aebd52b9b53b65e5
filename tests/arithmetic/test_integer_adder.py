# amaranth: UnusedElaboratable=no
"""Integer adder against NumPy, bit for bit."""

from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic import units
from dotforge.arithmetic.integer_adder import IntegerAdder
from dotforge.export.verilog import Design, convert
from dotforge.formats.table import INT4, INT8, INT16, INT32, IntegerFormat
from dotforge_golden.integer_adder import add, overflows

from .integers import corners, draw, encoded, every_pair, run_text


def check(block: IntegerAdder, a: np.ndarray, b: np.ndarray, design: Design | None = None) -> bool:
    """Tell whether all sums, and flags, are right."""
    width = block.format.width
    found = run_text(design or convert(block), block.latency, a=encoded(a, width), b=encoded(b, width))
    assert len(found["o"]) == len(a)
    right = np.array_equal(found["o"], encoded(add(a, b, width, overflow=block.overflow), width))
    return right and (not block.flag or np.array_equal(found["overflowed"], overflows(a, b, width)))


@pytest.mark.parametrize("overflow", ["wrap", "saturate"])
@pytest.mark.parametrize("operators", [False, True])
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_every_sum(width: int, operators: bool, overflow: str) -> None:
    every = np.arange(-(1 << (width - 1)), 1 << (width - 1))
    a, b = every_pair(every, every)
    assert len(a) == 4**width
    assert check(IntegerAdder(IntegerFormat(width), overflow=overflow, flag=True, operators=operators), a, b)


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("overflow", ["wrap", "saturate"])
@pytest.mark.parametrize("width", [16, 32, 64])
def test_wide_sums(width: int, overflow: str, flag: bool) -> None:
    block = IntegerAdder(IntegerFormat(width), overflow=overflow, flag=flag)
    assert check(block, *every_pair(corners(width), corners(width)))
    if width < 64:
        assert check(block, draw(width, 50_000, seed=1), draw(width, 50_000, seed=2))


@pytest.mark.parametrize(("format", "pipeline"), [(INT4, 6), (INT8, 1), (INT16, 3), (INT32, 8)])
def test_every_depth(format: IntegerFormat, pipeline: int) -> None:
    block = units.adder(format, pipeline=pipeline, overflow="saturate", flag=True)
    assert block.latency == pipeline
    a, b = draw(format.width, 5_000, seed=3), draw(format.width, 5_000, seed=4)
    assert check(block, a, b)
    block.latency -= 1
    assert not check(block, a, b)


def test_stages_that_never_stop() -> None:
    block = units.adder(INT16, pipeline=2, stallable=False)
    assert "en" not in block.signature.members
    assert check(block, draw(16, 5_000, seed=3), draw(16, 5_000, seed=4))


def test_stages_hold_while_not_enabled() -> None:
    design = convert(units.adder(INT16, pipeline=3))
    a, b = draw(16, 5_000, seed=5), draw(16, 5_000, seed=6)
    enable = np.random.default_rng(7).integers(0, 2, len(a))
    found = run_text(design, 0, a=encoded(a, 16), b=encoded(b, 16), en=enable)["o"]
    advanced = np.cumsum(enable) - enable  # rising edges with enable before each row
    known = advanced >= 3
    taken = np.flatnonzero(enable)[advanced[known] - 3]
    assert known.sum() > 4_900
    assert np.array_equal(found[known], encoded(a[taken] + b[taken], 16))


MUTATIONS = {
    "a carry dropped": (r"(assign add_0_carry_3) = .*;", r"\1 = 1'h0;"),
    "a sum bit without its carry": (r"(assign total\[4\]) = .*;", r"\1 = add_0_half_4;"),
    "overflow judged by one operand": (r"(assign over) = .*;", r"\1 = a[7] ^ total[7];"),
    "overflow never seen": (r"(assign over) = .*;", r"\1 = 1'h0;"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    block = units.adder(INT8, overflow="saturate")
    a, b = draw(8, 5_000, seed=8), draw(8, 5_000, seed=9)
    assert not check(block, a, b, mutate(convert(block), *MUTATIONS[name]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": 9}, "IntegerAdder: pipeline is 0…8, not 9"),
        ({"overflow": "special"}, "IntegerAdder: overflow is wrap or saturate, not special"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        units.adder(INT4, **arguments)
