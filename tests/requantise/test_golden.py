"""The golden model of the post-processing unit against fractions and against the floating-point quantiser."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from dotforge_golden.mx import decode, decode_scales
from dotforge_golden.mx import quantise as quantise_blocks
from dotforge_golden.mx_search import search
from dotforge_golden.quantise import quantise
from dotforge_golden.requantise import requantise, requantise_nvfp4


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


def sums_of_all_sizes(rng: np.random.Generator) -> np.ndarray:
    sums = rng.integers(-50_000, 50_001, (60, 64))
    sums[:10] //= 2 ** rng.integers(0, 14, (10, 1))
    sums[10:15] *= 50
    sums[15] = 0
    return sums


@pytest.mark.parametrize("unit", [1, 3, 64, 1001])
def test_nvfp4_is_the_quantiser_with_a_given_tensor_scale(unit: int) -> None:
    sums = sums_of_all_sizes(np.random.default_rng(4))
    elements, scales = requantise_nvfp4(sums, unit)
    wanted = quantise_blocks(sums, format="nvfp4", unit=float(unit))
    assert np.array_equal(scales, wanted.scales)
    assert np.array_equal(elements, wanted.elements)


def test_four_over_six_takes_the_block_of_less_error() -> None:
    """As the search in floating point does, but for blocks whose errors are alike: quotients are cut off."""
    sums, unit = sums_of_all_sizes(np.random.default_rng(5)), 37

    def error(elements: np.ndarray, scales: np.ndarray) -> np.ndarray:
        steps = np.repeat(decode_scales(scales, "nvfp4") * unit, 16, axis=1)
        return ((decode(elements, "nvfp4") * steps - sums) ** 2).reshape(60, 4, 16).sum(axis=-1)

    elements, scales = requantise_nvfp4(sums, unit, scale_search="four_over_six")
    wanted = search(sums, format="nvfp4", way="four_over_six", unit=float(unit))
    plain = error(*requantise_nvfp4(sums, unit))
    found, least = error(elements, scales), error(wanted.elements, wanted.scales)
    same = scales == wanted.scales
    assert same.mean() > 0.9
    assert np.array_equal(elements[np.repeat(same, 16, axis=1)], wanted.elements[np.repeat(same, 16, axis=1)])
    assert (found >= least).all()
    assert found[16:].sum() < 1.01 * least[16:].sum()
    assert found[16:].sum() < 0.9 * plain[16:].sum()  # of those that are not clipped
    assert (scales != requantise_nvfp4(sums, unit)[1]).mean() > 0.2


def test_nvfp4_written_out() -> None:
    """Ties of scale and elements, the largest scale, and a scale of 0 that gives way to that of 4."""
    assert [each.tolist() for each in requantise_nvfp4([6 * 64, 16, -48, 80, 112, -160, 224, 320], 64)] == [
        [7, 0, 10, 2, 4, 12, 6, 6], [0x38],
    ]  # fmt: skip
    # 17/16 and 19/16 lie half-way between two scales.
    assert [int(requantise_nvfp4([6 * top], 16)[1][0]) for top in (17, 19)] == [0x38, 0x3A]
    assert [each.tolist() for each in requantise_nvfp4([6 * 500, -1], 1)] == [[7, 8], [0x7E]]
    # 3 / (6 · 612) is less than half of 2^-9, and 3 / (4 · 612) more; 3 · 512 / 612 is nearer to 3 than to 2.
    assert requantise_nvfp4([2], 512)[1].tolist() == [0]
    assert [each.tolist() for each in requantise_nvfp4([3], 512 + 100, scale_search="four_over_six")] == [
        [5],
        [1],
    ]


def test_refuses_other_searches() -> None:
    with pytest.raises(ValueError, match="scale_search is none or four_over_six, not best"):
        requantise_nvfp4([1], [1], scale_search="best")
    with pytest.raises(ValueError, match="units are 1 or more, not 0"):
        requantise_nvfp4([1], [0])
