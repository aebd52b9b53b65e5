"""The golden model of the Flex-DPU: products are exact, in the order of additions that is promised."""

import numpy as np
import pytest

from dotforge_golden import flexdpe, flexdpu
from dotforge_golden.formats import lookup

SEED = 3


def sparse(rng: np.random.Generator, shape: tuple[int, int], density: float) -> np.ndarray:
    return np.where(rng.random(shape) < density, rng.integers(-128, 128, shape), 0)


@pytest.mark.parametrize("engines", [1, 2, 3, 4])
def test_integer_products_are_exact(engines: int) -> None:
    rng = np.random.default_rng(SEED)
    for _ in range(30):
        rows, k, vectors = rng.integers(1, 30, 3)
        a = sparse(rng, (rows, k), rng.uniform(0, 1))
        b = sparse(rng, (vectors, k), rng.uniform(0, 1))
        arithmetic = flexdpe.Arithmetic()
        c = flexdpu.product(a, b, lanes=4, window=4, engines=engines, arithmetic=arithmetic)
        assert np.array_equal(c, a @ b.T)


def test_an_accumulator_that_is_too_narrow_wraps() -> None:
    a = np.full((1, 8), 127)
    c = flexdpu.product(
        a, a, lanes=4, window=4, engines=2, arithmetic=flexdpe.Arithmetic(), accumulator_bits=16
    )
    assert c[0, 0] == (8 * 127 * 127 + 2**15) % 2**16 - 2**15


def test_one_flex_dpe_is_the_flex_dpe() -> None:
    """Bit for bit, in floating point; and with more of them another order of additions gives other bits."""
    rng = np.random.default_rng(SEED)
    bf16 = lookup("BF16")
    values = rng.normal(size=(2, 9, 40)) * 2.0 ** rng.integers(-8, 9, (2, 9, 40))
    codes = bf16.encode(np.where(rng.random(values.shape) < 0.4, 0, values))
    arithmetic = flexdpe.Arithmetic("bf16")
    alone = flexdpe.product(*codes, lanes=8, window=8, arithmetic=arithmetic)
    found = [
        flexdpu.product(*codes, lanes=8, window=8, engines=engines, arithmetic=arithmetic)
        for engines in (1, 2)
    ]
    assert np.array_equal(alone.view(np.uint32), found[0].view(np.uint32))
    assert not np.array_equal(alone.view(np.uint32), found[1].view(np.uint32))


def test_a_row_over_two_flex_dpes_is_joined_first() -> None:
    """1 + (2^24 + (−2^24)) and not (1 + 2^24) − 2^24, which rounding would make 0."""
    bf16 = lookup("BF16")
    rows = np.array([[0, 0, 0, 0, 1, 1, 1, 0], [1, 0, 0, 0, 2.0**24, -(2.0**24), 0, 0]])
    codes, ones = bf16.encode(rows), bf16.encode(np.ones((1, 8)))
    arithmetic = flexdpe.Arithmetic("bf16")
    for engines, wanted in ((2, 1), (1, 0)):
        found = flexdpu.product(codes, ones, lanes=4, window=4, engines=engines, arithmetic=arithmetic)
        assert found.tolist() == [[3], [wanted]]


def test_slices_of_a_fold() -> None:
    useful = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool)
    (fold,) = flexdpe.pack(useful, 8)
    left, right = flexdpu.slices(fold, 4)
    assert left.rows.tolist() == [0, 0, 0, 1]
    assert left.partial
    assert right.rows.tolist() == [1, 1, 1, 2]
    assert not right.partial


def test_rounds() -> None:
    """A new one behind the last bank, and at a gap inside a Flex-DPE; none at a gap between two."""
    ones = np.zeros((9, 4), bool)
    for row in (0, 1, 3, 4, 8):
        ones[row, 0] = True
    (fold,) = flexdpe.pack(ones, 8)
    assert flexdpu.rounds(fold, 4, 8).numbers.tolist() == [0, 0, 1, 1, 1]
    assert flexdpu.rounds(fold, 4, 4).numbers.tolist() == [0, 0, 1, 1, 2]
    (fold,) = flexdpe.pack(np.eye(4, dtype=bool), 8)
    assert flexdpu.rounds(fold, 4, 4).count == 1
    assert flexdpu.rounds(fold, 4, 2).numbers.tolist() == [0, 0, 1, 1]
