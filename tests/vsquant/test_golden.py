"""The golden model of the vector MAC against arithmetic written out, and the coding of 2:4 sparsity."""

import numpy as np
import pytest

from dotforge_golden.vsquant import compress, dot, expand, prune


def test_dot_written_out() -> None:
    """One dot product with Python's integers: a whole vector, a short one, a zero scale."""
    rng = np.random.default_rng(1)
    activations, weights = rng.integers(-8, 8, 40), rng.integers(-8, 8, 40)
    activation_scales, weight_scales = [15, 7, 3], [15, 9, 2]
    total = 0
    for index, (a, w) in enumerate(zip(activations, weights, strict=True)):
        scale = (activation_scales[index // 16] * weight_scales[index // 16] + 8) >> 4
        total += int(a) * int(w) * scale
    found, flag, _ = dot(
        activations, weights, activation_scales, weight_scales, vector=16, dropped=4, rounding="half_up", sum_bits=24
    )  # fmt: skip
    assert (int(found), bool(flag)) == (total, False)


@pytest.mark.parametrize(
    ("overflow", "per_update", "wanted"),
    [("wrap", 1, 112), ("saturate", 1, 111), ("wrap", 2, 112), ("saturate", 2, 112)],
)
def test_overflow_is_judged_at_each_update(overflow: str, per_update: int, wanted: int) -> None:
    """Sums of 8 bits, 128 − 16: too large after the first vector, not after both."""
    activations, weights = np.repeat([8, 1], 16), np.repeat([1, -1], 16)
    found, flag, _ = dot(
        activations, weights, [1, 1], [1, 1], vector=16, dropped=0, rounding="half_up", sum_bits=8,
        overflow=overflow, vectors_per_update=per_update,
    )  # fmt: skip
    assert (int(found), bool(flag)) == (wanted, per_update == 1)


def test_compress_and_expand() -> None:
    rng = np.random.default_rng(2)
    weights = prune(rng.integers(-8, 8, (50, 64)))
    assert (np.count_nonzero(weights.reshape(50, 16, 4), axis=-1) <= 2).all()
    values, indices = compress(weights)
    assert values.shape == indices.shape == (50, 32)
    assert np.array_equal(expand(values, indices), weights)
    assert (np.diff(indices.reshape(50, 16, 2)) > 0).all()


def test_prune_keeps_the_largest() -> None:
    assert list(prune(np.array([1, -3, 2, 0, 5, 5, 5, 5, -1, 9]))) == [0, -3, 2, 0, 5, 5, 0, 0, -1, 9]


def test_compress_refuses_three_of_four() -> None:
    with pytest.raises(ValueError, match="1 groups of four hold more than two weights"):
        compress([1, 2, 3, 0, 1, 0, 0, 1])
