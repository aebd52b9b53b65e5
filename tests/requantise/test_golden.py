"""The golden model of the post-processing unit against fractions and against the floating-point quantiser."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from dotforge_golden.quantise import quantise
from dotforge_golden.requantise import requantise


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


@pytest.mark.parametrize("scale_rounding", ["nearest", "ceil"])
def test_written_out(scale_rounding: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        element_bits, scale_bits = int(rng.integers(2, 9)), int(rng.integers(2, 11))
        unit = int(rng.integers(1, 40))
        sums = rng.integers(-20_000, 20_001, 20)
        elements, scales = requantise(
            sums, [unit, unit], vector=16, element_bits=element_bits, scale_bits=scale_bits,
            scale_rounding=scale_rounding,
        )  # fmt: skip
        largest = 2 ** (element_bits - 1) - 1
        for index, part in enumerate((sums[:16], sums[16:])):
            wanted = Fraction(int(np.abs(part).max()), largest * unit)
            scale = min(half_up(wanted) if scale_rounding == "nearest" else ceil(wanted), 2**scale_bits - 1)
            assert scales[index] == scale
            for value, element in zip(part, elements[index * 16 :], strict=False):
                size = min(largest, half_up(Fraction(abs(int(value)), scale * unit))) if scale else 0
                assert element == (size if value >= 0 else -size)


def test_is_the_floating_point_quantiser() -> None:
    """With its unit, the two give the same scales, and the same elements but for ties."""
    rng = np.random.default_rng(2)
    unit = 1001
    sums = rng.integers(-105_105, 105_106, (50, 64))
    sums[0, 0] = 15 * 7 * unit
    floats = quantise(sums / unit, bits=4, scale_bits=4, vector=16)
    elements, scales = requantise(
        sums, unit, vector=16, element_bits=4, scale_bits=4, scale_rounding="nearest"
    )
    assert floats.units[0] == pytest.approx(1)
    assert np.array_equal(scales, floats.scales)
    assert np.array_equal(elements, floats.elements)


def test_nothing_clips_with_ceil() -> None:
    rng = np.random.default_rng(3)
    sums = rng.integers(-100_000, 100_001, (40, 64))
    elements, scales = requantise(sums, 1000, vector=16, element_bits=4, scale_bits=4, scale_rounding="ceil")
    error = np.abs(elements * np.repeat(scales, 16, axis=1) * 1000 - sums)
    assert (error <= np.repeat(scales, 16, axis=1) * 500).all()


def test_refuses_a_unit_of_zero() -> None:
    with pytest.raises(ValueError, match="units are 1 or more, not 0"):
        requantise([1], [0], vector=16, element_bits=4, scale_bits=4, scale_rounding="ceil")
