"""Berkeley SoftFloat, an arithmetic that shares nothing with NumPy's, agrees with the units.

Operands are those that its companion TestFloat is made of: exponents and fractions at their corners, all pairs of them,
and random ones beside.
"""

from typing import Any

import numpy as np
import pytest

from dotforge.formats.table import FORMATS, FloatFormat
from dotforge.verify.unit_vectors import Vectors, differences
from dotforge.verify.units import units

softfloat = pytest.importorskip("softfloatpy", reason="skipped: needs softfloatpy")

SEED = 11

#: Unit → format of its operands, and SoftFloat's operation.
OPERATIONS = {
    "float_adder": ("FP32", "add"),
    "float_multiplier": ("FP32", "mul"),
    "float_adder_fp16": ("FP16", "add"),
    "float_multiplier_fp16_fp16": ("FP16", "mul"),
}


def corners(form: FloatFormat) -> np.ndarray:
    """Codes of both signs: exponents at the ends of the range and around 1, fractions of few ones or few zeros."""
    top, bits = (1 << form.exponent_bits) - 1, form.mantissa_bits
    middle = top >> 1
    exponents = {0, 1, 2, middle - bits, middle - 1, middle, middle + 1, middle + bits, top - 2, top - 1, top}
    ones = (1 << bits) - 1
    fractions = {0, 1, 2, ones, ones - 1, 1 << bits - 1, ones >> 1, 1 << bits // 2}
    codes = [
        sign << form.width - 1 | exponent << bits | fraction
        for sign in (0, 1)
        for exponent in exponents
        for fraction in fractions
        if 0 <= exponent <= top
    ]
    return np.array(sorted(set(codes)), np.uint64)


def vectors(name: str, random: int, step: int) -> Vectors:
    """Every so manieth pair of corners, and so many random ones, with SoftFloat's results."""
    form = FORMATS[OPERATIONS[name][0]]
    assert isinstance(form, FloatFormat)
    rng = np.random.default_rng(SEED)
    found = corners(form)
    a, b = (side.ravel()[::step] for side in np.meshgrid(found, found))
    a, b = (np.concatenate([side, rng.integers(0, 1 << form.width, random, np.uint64)]) for side in (a, b))
    operation = getattr(softfloat, f"f{form.width}_{OPERATIONS[name][1]}")
    number: Any = getattr(softfloat, f"Float{form.width}")
    size = form.width // 8

    def of(code: int) -> Any:
        return number.from_bytes(int(code).to_bytes(size, "big"))

    results = [int.from_bytes(operation(of(x), of(y)).to_bytes(), "big") for x, y in zip(a, b, strict=True)]
    return Vectors((a, b), np.array(results, np.uint64), np.arange(len(a)))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if "fp16" in name else name for name in OPERATIONS],
)
def test_units_agree_with_softfloat(name: str) -> None:
    given = vectors(name, 500, 31)
    assert len(given.results) > 1400
    assert differences(units()[name], given) == []
    given.results[7] ^= np.uint64(1)  # and a wrong result is seen
    assert len(differences(units()[name], given)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_units_agree_with_softfloat_on_all_pairs_of_corners(name: str) -> None:
    given = vectors(name, 20_000, 1)
    assert len(given.results) > 45_000
    assert differences(units()[name], given) == []
