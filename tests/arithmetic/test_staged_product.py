"""Products in stages: every pair of operands, in rows and two to a multiplier block."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Const, Module, Shape, Signal, signed, unsigned
from amaranth.sim import Simulator

from dotforge.arithmetic.staged_product import BLOCK_BITS, multiply, multiply_pair, pair_shift
from dotforge.arithmetic.stages import Stages, Timed


def combinational(
    shapes: list[Shape], build: Callable[..., list[Timed]], vectors: list[tuple[int, ...]]
) -> list[list[int]]:
    """Values of what is built, with a period that has room for all of it."""
    m = Module()
    ports = [Signal(shape, name=f"port_{index}") for index, shape in enumerate(shapes)]
    stages = Stages(m, "ecp5", 1e6, Const(1, 1))
    made = build(stages, *(stages.given(port.name, port) for port in ports))
    assert all(timed.stage == 0 for timed in made)
    outputs = [Signal(timed.value.shape(), name=f"output_{index}") for index, timed in enumerate(made)]
    m.d.comb += [output.eq(timed.value) for output, timed in zip(outputs, made, strict=True)]
    found: list[list[int]] = []

    async def bench(context: Any) -> None:
        for vector in vectors:
            for port, value in zip(ports, vector, strict=True):
                context.set(port, value)
            await context.delay(1e-9)
            found.append([context.get(output) for output in outputs])

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    assert len(found) == len(vectors) > 0
    return found


def values(shape: Shape) -> range:
    return range(-(1 << shape.width - 1), 1 << shape.width - 1) if shape.signed else range(1 << shape.width)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (signed(4), signed(4)),
        (signed(3), signed(5)),
        (signed(6), unsigned(3)),
        (unsigned(4), unsigned(5)),
        (signed(2), signed(2)),
    ],
    ids=str,
)
@pytest.mark.parametrize("dsp", [False, True])
def test_every_product(a: Shape, b: Shape, dsp: bool) -> None:
    extremes = []

    def build(stages: Stages, *operands: Timed) -> list[Timed]:
        made, *found = multiply(stages, "product", *operands, dsp=dsp)
        extremes.extend(found)
        return [made]

    pairs = list(product(values(a), values(b)))
    assert combinational([a, b], build, pairs) == [[x * y] for x, y in pairs]
    assert extremes == [min(x * y for x, y in pairs), max(x * y for x, y in pairs)]


def test_every_pair_of_products_in_one_block() -> None:
    """All 4,096 of INT3; the packing itself for INT4 and INT5 below."""
    shift = pair_shift(3, 3, "ecp5")
    assert shift == 7

    def build(stages: Stages, *operands: Timed) -> list[Timed]:
        a1, a2, b1, b2 = operands
        total, _, _, carry = multiply_pair(stages, "pair", (a1, a2), (b1, b2), shift)
        return [total, carry]

    vectors = list(product(values(signed(3)), repeat=4))
    found = combinational([signed(3)] * 4, build, vectors)
    assert [total + carry for total, carry in found] == [a * c + b * d for a, b, c, d in vectors]


@pytest.mark.parametrize("bits", [2, 4, 5])
def test_the_packing_holds_for_every_operand(bits: int) -> None:
    """Low fields a1·b2 and middle fields a1·b1 + a2·b2 meet in all their values: all quadruples of numbers."""
    shift = pair_shift(bits, bits, "ecp5")
    assert shift is not None
    numbers = np.arange(-(1 << bits - 1), 1 << bits - 1)
    a1, a2 = (axis.ravel() for axis in np.meshgrid(numbers, numbers))
    checked = 0
    for b1 in numbers:
        for b2 in numbers:
            packed = (a1 + (a2 << shift)) * (b2 + (b1 << shift))
            middle = (packed >> shift) & ((1 << shift) - 1)
            middle -= (middle >> shift - 1) << shift
            assert np.array_equal(middle + (packed >> shift - 1 & 1), a1 * b1 + a2 * b2)
            checked += a1.size
    assert checked == 1 << 4 * bits
    assert max(abs(a1 + (a2 << shift))) <= 1 << BLOCK_BITS["ecp5"] - 1


def test_wide_numbers_are_alone_in_a_block() -> None:
    assert [pair_shift(bits, bits, "ecp5") for bits in (4, 5, 6, 8)] == [9, 11, None, None]
    assert [pair_shift(bits, bits, "ice40-up5k") for bits in (4, 5)] == [9, None]
