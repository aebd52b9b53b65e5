"""Golden log numbers: the formats, their worst-case error, and dot products against plain arithmetic."""

import numpy as np
import pytest

from dotforge.formats.logarithm import parse_log_code
from dotforge_golden.log_dot import dot
from dotforge_golden.log_number import encode_sums, log_number, lookup, lookup_error, worst_error

NAMES = ["log:2:2", "log:2:2:flag", "log:4:3", "log:4:3:flag", "log:1:0", "log:1:0:flag", "log:3:5"]


@pytest.mark.parametrize("name", NAMES)
def test_hardware_has_the_same_words(name: str) -> None:
    code, number = parse_log_code(name), log_number(name)
    assert code.bits == number.bits
    assert code.name == name
    words = np.arange(2**number.bits)
    assert np.array_equal(number.decode(words), [code.value(int(word)) for word in words])


@pytest.mark.parametrize("name", NAMES)
def test_encodes_what_it_decodes(name: str) -> None:
    number = log_number(name)
    values = number.decode(np.arange(2**number.bits))
    assert np.array_equal(number.decode(number.encode(values)), values)
    assert number.encode(np.array([0.0, -0.0])).tolist() == [number.zero] * 2


def test_the_slides_formats() -> None:
    """Fields S, EI and EF of widths 1, 4 and 3; and L2.2."""
    assert log_number("log:4:3").bits == 1 + 4 + 3
    assert log_number("log:2:2").bits == 5
    assert log_number("log:2:2").decode([0b0_01_10, 0b1_10_00, 0b0_00_00]).tolist() == [2**1.5, -4.0, 0.0]


@pytest.mark.parametrize(("fraction_bits", "percent"), [(2, 8.64), (3, 4.33)])
def test_worst_error(fraction_bits: int, percent: float) -> None:
    """Searched among finely spaced numbers, it is the formula's and the slide's."""
    number = log_number(f"log:2:{fraction_bits}:flag")
    top = number.decode([2 ** (2 + fraction_bits) - 1])[0]
    wanted = np.linspace(1, top, 2_000_001)
    found = np.abs(number.decode(number.encode(wanted)) / wanted - 1).max()
    assert found == pytest.approx(worst_error(fraction_bits), abs=1e-6)
    assert found <= worst_error(fraction_bits)
    assert 100 * found == pytest.approx(percent, abs=0.005)


def test_lookup_error_falls_with_its_width() -> None:
    assert lookup(2, 5).tolist() == [16, 19, 23, 27]
    assert lookup_error(2, 5) == pytest.approx(23 / 16 / 2**0.5 - 1)
    errors = [lookup_error(2, bits) for bits in (3, 5, 8, 12)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("bin_bits", [None, 30])
@pytest.mark.parametrize("activation", [None, "log:3:2"])
def test_dot_products_are_those_of_the_numbers(activation: str | None, bin_bits: int | None) -> None:
    """Within the lookup's error of the real ones."""
    rng = np.random.default_rng(6)
    weight = log_number("log:2:3")
    other = None if activation is None else log_number(activation)
    w = rng.integers(0, 64, (50, 37))
    a = rng.integers(-8, 8, (50, 37)) if other is None else rng.integers(0, 64, (50, 37))
    found = dot(
        a,
        w,
        weight=weight,
        activation=other,
        lanes=8,
        lookup_bits=12,
        sum_bits=48,
        bin_bits=bin_bits,
    )
    values = weight.decode(w) * (a if other is None else other.decode(a))
    bound = lookup_error(3, 12) * np.abs(values).sum(axis=1) + 1e-9
    assert np.all(np.abs(found.sums / 2.0**11 - values.sum(axis=1)) <= bound)
    assert not found.overflows.any()


def test_both_accumulators_agree_without_overflow() -> None:
    rng = np.random.default_rng(7)
    number = log_number("log:2:2")
    a, w = rng.integers(0, 32, (2, 40, 65))
    widths = {"weight": number, "activation": number, "lanes": 16, "lookup_bits": 5, "sum_bits": 30}
    converted, binned = dot(a, w, **widths), dot(a, w, bin_bits=20, **widths)
    assert np.array_equal(converted.sums, binned.sums)
    few = dot(a, w, bin_bits=8, overflow="saturate", **widths)
    assert few.overflows.any()
    assert np.array_equal(few.sums[~few.overflows], converted.sums[~few.overflows])


def test_sums_go_back_to_log_numbers() -> None:
    number = log_number("log:2:2")
    exact = number.decode(np.arange(1, 16))
    sums = np.rint(exact * 2**15).astype(np.int64)
    assert encode_sums(sums, number, lookup_bits=12, shift=4).tolist() == list(range(1, 16))
    assert encode_sums([-sums[2], 0, 2**40], number, lookup_bits=12, shift=4).tolist() == [16 + 3, 0, 15]


@pytest.mark.parametrize("name", ["log:2", "log:a:2", "l:2:2", "log:2:2:zero"])
def test_refuses_other_names(name: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        log_number(name)
    with pytest.raises(ValueError, match="allowed: log:X:Y"):
        parse_log_code(name)
