"""The golden systolic array: order of additions, folds, overflow, each beside a plain loop."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from dotforge_golden.systolic import Arithmetic, Fold, fold_sums, folds, product

DTYPES: dict[str, Any] = {
    "bf16": ml_dtypes.bfloat16,
    "fp16": np.float16,
    "fp8_e4m3": ml_dtypes.float8_e4m3fn,
    "fp8_e5m2": ml_dtypes.float8_e5m2,
}


def column(activations: np.ndarray, weights: np.ndarray) -> np.float32:
    """One column of one vector: FP32 products, added from the top down."""
    total = None
    for a, w in zip(activations.astype(np.float32), weights.astype(np.float32), strict=True):
        term = np.float32(a * w)
        total = term if total is None else np.float32(total + term)
    assert total is not None
    return total


@pytest.mark.parametrize("format", DTYPES)
def test_floating_point_adds_down_the_column(format: str) -> None:
    """Beside NumPy's float32, of random encodings, NaN and infinity included; another order gives another sum."""
    dtype = np.dtype(DTYPES[format])
    rng = np.random.default_rng(1)
    raw = np.dtype(f"u{dtype.itemsize}")
    activations, weights = (
        rng.integers(0, 2 ** (8 * dtype.itemsize), s).astype(raw) for s in ((30, 7), (7, 5))
    )
    found = fold_sums(activations, weights, Arithmetic(format)).sums.astype(np.uint32).view(np.float32)
    with np.errstate(all="ignore"):
        wanted = np.array(
            [[column(a.view(dtype), w.view(dtype)) for w in weights.T.copy()] for a in activations]
        )
    assert np.array_equal(found, wanted, equal_nan=True)
    assert np.array_equal(np.signbit(found)[~np.isnan(found)], np.signbit(wanted)[~np.isnan(found)])
    if format in ("bf16", "fp16"):
        turned = fold_sums(activations[:, ::-1], weights[::-1], Arithmetic(format)).sums
        assert (turned != found.view(np.uint32)).any()


def test_integers_wrap_at_every_row_and_remember_it() -> None:
    rng = np.random.default_rng(2)
    activations, weights = rng.integers(-8, 8, (40, 6)), rng.integers(-8, 8, (6, 3))
    sums, overflows, lowest, highest = fold_sums(activations, weights, Arithmetic("int4", sum_bits=7))
    assert 0 < np.count_nonzero(overflows) < overflows.size
    came_back, seen = 0, {0}
    for vector in range(40):
        for output in range(3):
            total, flag = 0, False
            for row in range(6):
                exact = total + int(activations[vector, row] * weights[row, output])
                seen.add(exact)
                total = (exact + 64) % 128 - 64
                flag |= exact != total
            assert (sums[vector, output], overflows[vector, output]) == (total, flag)
            came_back += flag and total == int(activations[vector] @ weights[:, output])
    assert came_back, "no sum left the range and came back"
    assert (lowest, highest) == (min(seen), max(seen))


def test_folds_finish_an_output_before_the_next() -> None:
    assert folds(5, 3, rows=2, columns=2) == [
        Fold(slice(0, 2), slice(0, 2)),
        Fold(slice(2, 4), slice(0, 2)),
        Fold(slice(4, 5), slice(0, 2)),
        Fold(slice(0, 2), slice(2, 3)),
        Fold(slice(2, 4), slice(2, 3)),
        Fold(slice(4, 5), slice(2, 3)),
    ]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 5), (9, 12, 8), (4, 2, 9)])
def test_products_of_integers_are_exact(shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    rng = np.random.default_rng(3)
    a, b = rng.integers(-128, 128, (m, k)), rng.integers(-128, 128, (k, n))
    found = product(a, b, rows=3, columns=4, arithmetic=Arithmetic("int8"))
    assert np.array_equal(found.sums, a @ b)
    assert not found.overflows.any()


def test_partial_sums_add_fold_by_fold() -> None:
    """(p0 + p1) + (p2 + p3), not ((p0 + p1) + p2) + p3; a fold that is too short adds +0, so −0 does not survive."""
    rng = np.random.default_rng(4)
    a, b = (
        (rng.normal(size=s) * 2.0 ** rng.integers(-8, 9, s)).astype(ml_dtypes.bfloat16)
        for s in ((20, 4), (4, 6))
    )
    codes = a.view(np.uint16), b.view(np.uint16)
    found = product(*codes, rows=2, columns=3, arithmetic=Arithmetic("bf16")).sums.view(np.float32)
    wanted = [[np.float32(column(x[:2], w[:2]) + column(x[2:], w[2:])) for w in b.T.copy()] for x in a]
    assert np.array_equal(found, np.array(wanted))
    straight = fold_sums(*codes, Arithmetic("bf16")).sums.astype(np.uint32).view(np.float32)
    assert (straight != found).any()
    minus_zero, one = np.array([[0x8000]]), np.array([[0x3F80]])
    whole = product(minus_zero, one, rows=1, columns=1, arithmetic=Arithmetic("bf16"))
    short = product(minus_zero, one, rows=2, columns=1, arithmetic=Arithmetic("bf16"))
    assert (int(whole.sums[0, 0]), int(short.sums[0, 0])) == (0x8000_0000, 0)


def test_flushes_subnormals() -> None:
    smallest, one = np.array([[1]]), np.array([[0x3F80]])
    kept = fold_sums(smallest, one, Arithmetic("bf16")).sums
    flushed = fold_sums(smallest, one, Arithmetic("bf16", flush_subnormals=True)).sums
    assert int(kept[0, 0]) == 0x0001_0000
    assert int(flushed[0, 0]) == 0
