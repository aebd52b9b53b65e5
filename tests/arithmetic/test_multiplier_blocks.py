"""Products that FPGA flows map to multiplier blocks, and what a block cannot hold."""

from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic.multiplier_blocks import LEAST_BITS, in_blocks, multiplied_bits
from dotforge.arithmetic.staged_product import BLOCK_BITS, pair_shift
from dotforge.export.design import from_parameters
from dotforge.formats.table import lookup
from dotforge.synthesis.targets.base import Settings
from dotforge.synthesis.targets.fpga import FPGAS

FAMILIES = [
    pytest.param(name, marks=() if name == "ecp5" else pytest.mark.slow)
    for name in ("ecp5", "ice40", "nexus", "gowin", "gatemate", "xilinx", "intel")
]


def blocks(target: str, **parameters: Any) -> float:
    """Return the multiplier blocks of a multiplier with its adder, by Yosys alone."""
    made = from_parameters("systolic", {"rows": 1, "columns": 1, "adder_pipeline": 1, **parameters})
    settings = Settings(device="up5k" if target == "ice40" else "")
    return FPGAS[target].counts(made, settings)["dsps"]


@pytest.mark.parametrize("target", FAMILIES)
def test_every_family_maps_what_is_asked_for(target: str) -> None:
    """One block a product with `dsp`, none with `logic`."""
    for format in ("int8", "bf16", "fp16"):
        assert 0 < blocks(target, format=format, multiplier="dsp", multiplier_pipeline=1) <= 1
        assert blocks(target, format=format, multiplier="logic", operators=True) == 0


@pytest.mark.parametrize(
    ("format", "bits"),
    [("int4", 4), ("int8", 8), ("int16", 16), ("bf16", 8), ("fp16", 11), ("fp8_e4m3", 4), ("fp8_e5m2", 3)],
)
def test_auto(format: str, bits: int) -> None:
    operand = lookup(format)
    assert multiplied_bits(operand) == bits
    assert in_blocks("auto", operand, True) == (bits >= LEAST_BITS)
    assert not in_blocks("auto", operand, False)
    assert not in_blocks("logic", operand, True)


@pytest.mark.parametrize("shift", range(10))
def test_two_products_of_int8_share_no_block(shift: int) -> None:
    """At every distance that 18 bits have room for, two pairs of other sums give the same product of the block.

    So nothing behind a block tells which of the sums it is, whatever it costs.
    """
    bits = BLOCK_BITS["ecp5"]
    assert pair_shift(8, 8, "ecp5") is None
    # One place more, and the least two numbers do not fit.
    assert -(1 << 7 + 10) - (1 << 7) < -(1 << bits - 1) <= -(1 << 7 + 9) - (1 << 7)

    def block(a: tuple[int, int], b: tuple[int, int]) -> int:
        return (a[0] + (a[1] << shift)) * (b[1] + (b[0] << shift))

    half, rest = 1 << shift // 2, 1 << shift - shift // 2
    first, second = ((0, 1), (0, 1)), ((half, 0), (0, rest))
    assert max(half, rest) < 1 << 7
    assert block(*first) == block(*second) == 1 << shift
    sums = [np.dot(a, b) for a, b in (first, second)]
    assert sums == [1, 0]
