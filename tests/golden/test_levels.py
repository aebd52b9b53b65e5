"""Quantisers with one unit: every word, no unit that a finer search improves, zeros."""

import numpy as np
import pytest

from dotforge_golden.levels import Levels, exponents, integers, logarithms, scale
from dotforge_golden.log_number import log_number
from dotforge_golden.logmac import weight_code
from dotforge_golden.quantise import sqnr


def levels(name: str) -> Levels:
    if name.startswith("int"):
        return integers(int(name[3:]))
    return (
        logarithms(log_number(name), name) if name.startswith("log:") else exponents(weight_code(name), name)
    )


NAMES = [
    "int2",
    "int4",
    "int8",
    "dally3",
    "exponent:-4:3",
    "log:2:2",
    "log:2:2:flag",
    "log:4:3",
    "log:1:5:flag",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_word_round_trips(name: str) -> None:
    made = levels(name)
    assert len(made.words) == 2**made.bits
    values = made.decode(made.words)
    assert np.array_equal(made.decode(made.encode(values)), values)
    assert np.array_equal(made.encode(values), made.words) == (len(np.unique(values)) == len(values))
    assert made.decode(made.zero) == 0
    assert made.encode(0.0) == made.zero


@pytest.mark.parametrize("unit", ["max", "least_error"])
@pytest.mark.parametrize("name", ["int4", "dally3", "log:2:2"])
def test_every_word_round_trips_with_a_unit(name: str, unit: str) -> None:
    made = levels(name)
    values = made.decode(made.words)
    values = values[np.abs(values) <= made.largest] * 0.375
    found = scale(values[None], made, unit=unit)
    assert np.allclose(found.values()[0], values, rtol=1e-12)


@pytest.mark.parametrize("per_row", [False, True])
@pytest.mark.parametrize("name", ["int4", "dally3", "log:2:2", "log:4:3"])
def test_least_error_is_the_least_tried(name: str, per_row: bool) -> None:
    made = levels(name)
    rng = np.random.default_rng(3)
    matrix = rng.laplace(size=(6, 300)) * np.array([1, 2, 1, 0.5, 1, 1])[:, None]
    widest = scale(matrix, made, per_row=per_row)
    best = scale(matrix, made, per_row=per_row, unit="least_error")
    assert len(np.unique(best.units)) == (1 if not per_row else len(np.unique(best.units)))
    assert np.all(best.units <= widest.units)
    assert sqnr(matrix, best.values()) >= sqnr(matrix, widest.values())
    found = ((best.values() - matrix) ** 2).sum(axis=1)
    for step in range(0, 61, 5):
        units = (widest.units * 2.0 ** (-step / 12))[:, None]
        noise = ((made.decode(made.encode(matrix / units)) * units - matrix) ** 2).sum(axis=1)
        if per_row:
            assert np.all(found <= noise * (1 + 1e-9))
        else:
            assert found.sum() <= noise.sum() * (1 + 1e-9)


def test_zeros_and_the_ends_of_the_range() -> None:
    made = levels("log:2:2")
    assert not scale(np.zeros((2, 3)), made, unit="least_error").values().any()
    tiny = scale(np.array([[1e-300, -2e-300]]), made, unit="least_error").values()
    assert np.allclose(tiny, [[1e-300, -2e-300]], rtol=0.1)
    with pytest.raises(ValueError, match="unit is one of max, least_error"):
        scale(np.ones((1, 1)), made, unit="best")
