"""VS-Quant with 2:4 sparsity: of every four weights the two largest stay, in 4 bits with a scale a vector.

python examples/vsquant_sparse.py
"""

import numpy as np

import dotforge

ROWS, K, COLUMNS, SEED = 2, 128, 3, 1


def pruned(weights: np.ndarray) -> np.ndarray:
    """Return weights of which the two smallest of every four along K are zero.

    Parameters
    ----------
    weights : (K, columns), K a multiple of 4
    """
    groups = weights.reshape(-1, 4, weights.shape[1])
    order = np.argsort(np.abs(groups), axis=1)
    kept = groups.copy()
    np.put_along_axis(kept, order[:, :2], 0.0, axis=1)
    return kept.reshape(weights.shape)


def main() -> None:
    """Run dense and sparse weights, and compare with the product of the pruned ones."""
    rng = np.random.default_rng(SEED)
    activations, weights = rng.normal(size=(ROWS, K)), rng.normal(size=(K, COLUMNS))
    sparse = pruned(weights)
    assert np.count_nonzero(sparse) == weights.size // 2
    engine = dotforge.engine("vsquant", sparsity="2:4", vector=32)
    found = engine.run(activations, sparse)
    exact = activations @ sparse
    noise = np.square(found.c - exact).sum()
    print(f"half of the weights, mismatches {found.statistics['mismatches']}")
    print(f"SQNR of the product {10 * np.log10(np.square(exact).sum() / noise):.1f} dB")


if __name__ == "__main__":
    main()
