"""Golden wide sums against fractions: exact where they are, and within what the window may drop."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dotforge.engines.mxdot.config import MXDotConfig
from dotforge.engines.mxdot.wide_plan import WidePlan
from dotforge.parameters import make
from dotforge_golden import wide_sum
from dotforge_golden.mx import decode, decode_scales
from dotforge_golden.mxdot import NAN, dot
from dotforge_golden.wide_sum import exact, round_fp32, step_places, windowed

SCALES = {"mxfp4": (100, 156), "mxfp6_e3m2": (0, 140), "mxfp6_e2m3": (60, 190), "nvfp4": (0, 127)}


def operands(rng: np.random.Generator, format: str, blocks: int) -> dict[str, Any]:
    size, bits = (16, 4) if format == "nvfp4" else (32, 6 if "6" in format else 4)
    return {
        "weights": rng.integers(0, 1 << bits, (20, blocks * size)),
        "activations": rng.integers(0, 1 << bits, (20, blocks * size)),
        "weight_scales": rng.integers(*SCALES[format], (20, blocks)),
        "activation_scales": rng.integers(*SCALES[format], (20, blocks)),
        "weight_format": format,
        "activation_format": format,
    }


def fractions(given: dict[str, Any], row: int) -> list[Fraction]:
    """Each block's sum, exactly."""
    format = given["weight_format"]
    size = 16 if format == "nvfp4" else 32
    found = []
    for block in range(given["weight_scales"].shape[1]):
        codes = [given[name][row, block * size : (block + 1) * size] for name in ("weights", "activations")]
        products = np.prod([decode(each, format) for each in codes], axis=0)
        total = sum((Fraction(float(each)) for each in products), Fraction(0))
        for name in ("weight_scales", "activation_scales"):
            total *= Fraction(float(decode_scales(given[name][row], format)[block]))
        found.append(total)
    return found


def to_float(value: np.uint32) -> Fraction:
    return Fraction(float(np.asarray(value, np.uint32).view(np.float32)))


def test_a_wide_sum_of_nvfp4_is_the_nearest_number() -> None:
    given = operands(np.random.default_rng(1), "nvfp4", 9)
    found = dot(**given, accumulation="wide")
    for row in range(20):
        total = sum(fractions(given, row))
        value = np.asarray(found.sums[row]).view(np.float32)
        around = [np.nextafter(value, np.float32(far)) for far in (-np.inf, np.inf)]
        assert all(
            abs(Fraction(float(each)) - total) >= abs(to_float(found.sums[row]) - total) for each in around
        )


@pytest.mark.parametrize("format", [name for name in SCALES if name != "nvfp4"])
def test_a_window_drops_less_than_it_says(format: str) -> None:
    """Half a place of FP32, and 2^−24 of the largest unit for each block."""
    given = operands(np.random.default_rng(2), format, 12)
    found = dot(**given, accumulation="wide")
    plan = WidePlan(make(MXDotConfig, {"weight_format": format, "activation_format": format}))
    checked = 0
    for row in range(20):
        value = np.asarray(found.sums[row]).view(np.float32)
        if not np.isfinite(value):
            continue
        blocks = fractions(given, row)
        total = sum(blocks)
        powers = given["weight_scales"][row] + given["activation_scales"][row] - 254 + plan.config.unit
        unit = max(Fraction(2) ** int(power) for power, block in zip(powers, blocks, strict=True) if block)
        allowed = Fraction(float(np.spacing(np.abs(value)))) / 2 + len(blocks) * unit / 2**24
        assert abs(to_float(found.sums[row]) - total) <= allowed
        checked += 1
    assert checked >= 10


def test_the_window_moves_as_it_is_told() -> None:
    """Written out: P = 48, steps from 2^−117 on, 32 places below."""
    assert step_places(14) == step_places(24) == 48
    assert step_places(25) == 72
    low = -117 + 48 * 3
    unit = low - 32
    assert windowed([(5, low + 7), (-3, low)], 48)[:2] == ((5 << 39) - (3 << 32), unit)
    assert windowed([(5, low), (-3, low - 48)], 48)[:2] == ((5 << 32) - 1, unit)  # −3 / 2^16, rounded down
    assert windowed([(5, low), (3, low - 49)], 48)[:2] == (5 << 32, unit)  # two steps below
    assert windowed([(-3, low - 48), (5, low)], 48)[:2] == ((5 << 32) - 1, unit)
    assert windowed([(-3, low - 49), (5, low)], 48)[:2] == (5 << 32, unit)
    assert windowed([(0, low + 480), (5, low)], 48)[:2] == (5 << 32, unit)  # a block of zero has no step
    assert windowed([(0, 3)], 48)[0] == 0
    assert exact([(3, -2), (-5, 4)], -2) == (3 - (5 << 6), (5 << 6) - 3)


def test_hardware_has_room_for_what_golden_says() -> None:
    for format in SCALES:
        plan = WidePlan(make(MXDotConfig, {"weight_format": format, "activation_format": format}))
        largest = wide_sum.LONGEST << (plan.addend_bits - 1)
        assert (largest << plan.below).bit_length() < plan.width + 1
        if plan.moves:
            assert plan.step == step_places(plan.config.block_bits)
            assert (plan.below, plan.step % 24) == (wide_sum.BELOW, 0)
            assert plan.lowest == plan.step * plan.first - wide_sum.ORIGIN - wide_sum.BELOW


def test_rounds_as_numpy_does_and_once() -> None:
    assert round_fp32(0, 5) == 0
    assert round_fp32((1 << 24) + 1, 0) == 1 << 24
    assert round_fp32((1 << 60) + (1 << 36) + 1, 0) == (1 << 60) + (
        1 << 37
    )  # float64 would lose the last bit
    assert round_fp32(3, -150) == np.float32(2**-148)  # ties to even: 1.5 of the least number
    assert np.signbit(round_fp32(-1, -200))
    assert np.isinf(round_fp32(1, 128))


def test_wide_sums_of_what_is_no_number() -> None:
    one = {"weight_format": "mxfp4", "activation_format": "mxfp4", "accumulation": "wide"}
    assert dot([2], [2], [255], [0], **one).sums == NAN
    assert dot([2], [2], [254], [254], **one).sums == 0x7F800000
    assert dot([2], [10], [0], [0], **one).sums == 0x80000000  # less than half of the least number
    both = dot([2] * 64, [2] * 32 + [10] * 32, [254, 254], [254, 254], **one)
    assert both.sums == 0  # no infinity on the way


def test_a_wide_sum_refuses_more_than_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotforge_golden.mxdot.LONGEST", 1)
    with pytest.raises(ValueError, match="a wide sum holds 1 blocks, not 2"):
        dot([0] * 64, [0] * 64, [0] * 2, [0] * 2, weight_format="mxfp4", activation_format="mxfp4",
            accumulation="wide")  # fmt: skip
