"""A product of SciPy's sparse matrices on the Flex-DPE: the RTL multiplies, NumPy checks.

python examples/sparse_gemm.py
"""

import numpy as np
from scipy import sparse

import dotforge

LANES, SHAPE, DENSITY, SEED = 8, (8, 48, 6), 0.2, 1


def matrix(rows: int, columns: int, rng: np.random.Generator) -> sparse.csr_array:
    """Return small integers at random places."""
    values = rng.integers(1, 100, (rows, columns)) * (rng.random((rows, columns)) < DENSITY)
    return sparse.csr_array(values.astype(np.int8))


def main() -> None:
    """Multiply, compare, and say what it took."""
    rng = np.random.default_rng(SEED)
    m, k, n = SHAPE
    a, b = matrix(m, k, rng), matrix(k, n, rng)
    engine = dotforge.engine("flexdpe", lanes=LANES, stationary_bandwidth=4)
    found = engine.run(a, b)
    exact = a.astype(np.int64).toarray() @ b.astype(np.int64).toarray()
    assert np.array_equal(found.c, exact)
    statistics = found.statistics
    print(f"{m}×{k} by {k}×{n}, {a.nnz} and {b.nnz} nonzeros: {statistics['useful_macs']} useful MACs")
    print(f"cycles {statistics['cycles']}, {statistics['folds']} folds of {LANES} lanes")
    print(f"compute efficiency {statistics['compute_efficiency']:.1%}, mismatches {statistics['mismatches']}")


if __name__ == "__main__":
    main()
