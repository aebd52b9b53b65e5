"""Sizes of formats: by hand on a small matrix, expectations beside counts, and what SIGMA says of its Fig. 7."""

from typing import Any

import numpy as np
import pytest

from dotforge_sim.models.metadata import FORMATS, crossover, of_density, of_matrix, sizes
from dotforge_sim.run.sparse import from_dense

ROWS, COLUMNS = 1632, 36548


def test_a_small_matrix_by_hand() -> None:
    matrix = np.zeros((4, 8))
    matrix[0, 1] = matrix[0, 6] = matrix[2, 7] = matrix[3, 0] = 1
    found = {size.format: size for size in sizes(of_matrix(from_dense(matrix)), 8)}
    # Four values: columns of 3 bits, rows of 2, pointers to 0…4 of 3 bits.
    assert found["csr"].metadata_bits == 4 * 3 + 5 * 3
    assert found["csc"].metadata_bits == 4 * 2 + 9 * 3
    assert found["coo"].metadata_bits == 4 * 5
    assert found["bitmap"].metadata_bits == 32
    # Zeros before the values: 1, 4, 16, 0; a run of two bits holds 3, so 4 and 16 take one and four more entries.
    assert found["rlc-2"].values == 4 + 1 + 4
    assert found["rlc-2"].metadata_bits == 2 * 9
    # A run of four bits holds 15: the run of 16 takes one more.
    assert (found["rlc-4"].values, found["rlc-4"].metadata_bits) == (5, 20)
    assert found["none"].total_bits == 32 * 8
    assert found["2:4"].lost == 0
    assert found["bitmap-blocks"].metadata_bits == 4 + 3 * 64
    assert (found["blocked-ell"].values, found["blocked-ell"].metadata_bits) == (256, 1)


@pytest.mark.parametrize("density", [0.02, 0.2, 0.7])
def test_expectations_are_what_is_counted(density: float) -> None:
    rng = np.random.default_rng(7)
    matrix = rng.random((400, 640)) < density
    counted = sizes(of_matrix(from_dense(matrix)))
    expected = sizes(of_density(400, 640, density))
    for one, other in zip(counted, expected, strict=True):
        assert one.metadata_bits == pytest.approx(other.metadata_bits, rel=0.05), one.format
        assert one.total_bits == pytest.approx(other.total_bits, rel=0.05), one.format


def test_what_the_paper_says_of_its_figure() -> None:
    """Below COO, CSR and CSC at low sparsity; RLC better from about 70 % on, worse below about 30 %."""
    bitmap = {}
    for sparsity in (0.1, 0.3, 0.5, 0.7, 0.9):
        found = of_density(ROWS, COLUMNS, 1 - sparsity)
        bitmap[sparsity] = {name: size(found)[1] / (ROWS * COLUMNS) for name, size in FORMATS.items()}
    assert all(bitmap[0.1][name] > 9 for name in ("csr", "csc", "coo"))
    assert bitmap[0.3]["rlc-4"] == pytest.approx(2.8, abs=0.005)
    assert bitmap[0.3]["rlc-2"] == pytest.approx(1.411, abs=0.001)
    assert bitmap[0.9]["rlc-4"] == pytest.approx(0.491, abs=0.001)
    assert bitmap[0.9]["rlc-2"] == pytest.approx(0.5816, abs=0.001)
    assert crossover("rlc-2", ROWS, COLUMNS) == (0.544, 0.999)
    assert crossover("rlc-4", ROWS, COLUMNS) == (0.753, 0.999)
    assert crossover("bitmap", ROWS, COLUMNS) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "one of MATRIX and --shape"),
        (["--shape", "4,4"], "--shape and --density go together"),
        (["--shape", "4", "--density", "0.5"], "rows,columns is allowed"),
        (["--shape", "4,0", "--density", "0.5"], "allowed is 1 or more"),
        (["--shape", "4,4", "--density", "2"], "--density 2: allowed 0…1"),
        (["missing.npz"], "matrix: missing.npz does not exist"),
    ],
)
def test_bad_input(dotforge: Any, arguments: list[str], words: str) -> None:
    result = dotforge("metadata", *arguments)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert words in result.err
