"""Operands: numbers that stay themselves, and sparse matrices whose arrays are checked before they are used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from dotforge_golden.formats import lookup
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.exact import to_float64
from dotforge_sim.run.operands import checked_operands, load_matrix
from dotforge_sim.run.sparse import Sparse, from_arrays, from_dense


@pytest.mark.parametrize(
    "value",
    [
        2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63) + 1, 2**62 + 1, np.uint64(2**64 - 1), np.uint64(2**63 + 1),
        np.longdouble(1) + np.longdouble(2) ** -60, np.longdouble(1) - np.longdouble(2) ** -63,
    ],
    ids=str,
)  # fmt: skip
def test_what_float64_does_not_hold_is_rounded_to_odd(value: Any) -> None:
    """So no narrower format holds it: not by a cast before a comparison."""
    array = np.array([value, 0, 1], np.int64 if isinstance(value, int) else value.dtype)
    if array.dtype == np.longdouble and np.finfo(np.longdouble).nmant < 60:
        pytest.skip("longdouble is float64 here")
    found = to_float64(array)
    assert found[1:].tolist() == [0, 1]
    bits = int(np.abs(found[:1]).view(np.uint64)[0])
    assert bits & 1
    below, above = float(np.nextafter(found[0], 0)), float(np.nextafter(found[0], 2 * found[0]))
    exact = int(value) if array.dtype.kind in "iu" else value
    assert min(below, above) < exact < max(below, above)
    bf16 = lookup("BF16")
    assert bf16.decode(bf16.encode(found, saturate=True))[0] != found[0]


def test_rounds_once() -> None:
    """1 + 2^−8 + 2^−60 is above the middle of two BF16 numbers, though float64 puts it on it."""
    if np.finfo(np.longdouble).nmant < 60:
        pytest.skip("longdouble is float64 here")
    bf16 = lookup("BF16")
    value = np.array([np.longdouble(1) + np.longdouble(2) ** -8 + np.longdouble(2) ** -60])
    assert bf16.decode(bf16.encode(to_float64(value))).tolist() == [1 + 2**-7]


def test_small_integers_are_as_they_were() -> None:
    for dtype in (np.int8, np.uint8, np.int64, np.uint64, np.float16, np.bool_):
        values = np.array([[0, 1], [1, 0]], dtype)
        assert np.array_equal(to_float64(values), values)


def coo(data: Any, row: Any, col: Any, shape: Any = (2, 3), dtype: Any = np.int8) -> Sparse:
    arrays = {"data": np.array(data, dtype), "row": np.array(row), "col": np.array(col)}
    return from_arrays("coo", np.array(shape), arrays, "A")


def test_adds_duplicates_in_a_wide_type() -> None:
    assert coo([100, 100, 5], [0, 0, 1], [1, 1, 0]).dense().tolist() == [[0, 200, 0], [5, 0, 0]]
    assert coo([100, -100], [0, 0], [1, 1]).values.size == 0
    assert coo([1, 1], [0, 0], [1, 1], dtype=bool).values.tolist() == [1]
    assert coo([3e38, 3e38], [0, 0], [1, 1], dtype=np.float32).values[0] == 2 * float(np.float32(3e38))
    most = 2**63 - 1
    assert coo([most, most], [0, 0], [1, 1], dtype=np.int64).values[0] == pytest.approx(2.0**64)


def compressed(data: Any, indices: Any, indptr: Any, *, format: str = "csr", shape: Any = (2, 3)) -> Sparse:
    arrays = {"data": np.asarray(data), "indices": np.asarray(indices), "indptr": np.asarray(indptr)}
    return from_arrays(format, np.array(shape), arrays, "A")


def diagonals(data: Any, offsets: Any) -> Sparse:
    arrays = {"data": np.asarray(data), "offsets": np.asarray(offsets)}
    return from_arrays("dia", np.array((2, 3)), arrays, "A")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: coo([1], [2], [0]), r"1 of row indices lie outside 0…1, such as 2"),
        (lambda: coo([1], [0], [-1]), r"1 of column indices lie outside 0…2, such as -1"),
        (lambda: coo([1, 2], [0], [0]), r"1 entries of row for 2 values"),
        (lambda: coo([1], [0.5], [0]), r"row is 1-dimensional float64"),
        (lambda: coo([[1]], [0], [0]), r"data of a coo matrix has 1 dimensions, given 2"),
        (lambda: coo([1], [0], [0], shape=(2, 3, 4)), r"allowed is a matrix \(two dimensions\)"),
        (lambda: coo([1], [0], [0], shape=(0, 3)), r"A is 0×3, allowed is 1×1"),
        (lambda: coo([1], [0], [0], shape=(2**40, 3)), r"allowed is 1×1 to 2\^31×2\^31"),
        (lambda: coo([1j], [0], [0], dtype=complex), r"dtype complex128"),
        (lambda: coo([np.nan], [0], [0], dtype=float), r"1 values that are NaN or infinite"),
        (lambda: compressed([1, 2], [0, 3], [0, 1, 2]), r"1 of indices lie outside 0…2, such as 3"),
        (lambda: compressed([1, 2], [0, 1], [0, 2]), r"indptr is int64\[2\], allowed are 3 integers"),
        (lambda: compressed([1, 2], [0, 1], [0, 2, 1]), r"indptr falls at entry 2"),
        (lambda: compressed([1, 2], [0, 1], [0, 1, 3]), r"indptr goes from 0 to 3"),
        (lambda: compressed([1, 2], [0, 1], [1, 1, 2]), r"indptr goes from 1 to 2"),
        (lambda: diagonals([[1, 2]], [-(2**63)]), r"offsets hold -9223372036854775808"),
        (lambda: diagonals([[1, 2]], [2**40]), r"offsets hold 1099511627776"),
        (lambda: compressed([[[1, 2]]], [0], [0, 1, 1], format="bsr"), r"blocks of 1×2 do not tile 2×3"),
    ],
)  # fmt: skip
def test_the_guard_refuses(make: Any, message: str) -> None:
    with pytest.raises(RunError, match=message):
        make()


@pytest.mark.parametrize("format", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.bool_, np.uint64])
def test_every_format_that_scipy_saves(format: str, dtype: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    matrix = np.where(rng.random((6, 8)) < 0.7, 0, rng.integers(0, 2, (6, 8))).astype(dtype)
    for made in (scipy.sparse.coo_matrix(matrix), scipy.sparse.coo_array(matrix)):
        scipy.sparse.save_npz(tmp_path / "a.npz", made.asformat(format))
        found = load_matrix(tmp_path / "a.npz", "A")
        assert isinstance(found, Sparse)
        assert np.array_equal(found.dense(), matrix)
        assert np.array_equal(found.T.dense(), matrix.T)
        assert np.array_equal(checked_operands(made.asformat(format), matrix.T)[0].dense(), matrix)  # type: ignore[union-attr]


def test_refuses_what_is_no_sparse_matrix(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for arrays, message in (
        ({"x": np.ones(3), "y": np.ones(3)}, r"holds 2 tensors \(x, y\): name one, as in .*a.npz:NAME"),
        (
            {"format": np.array(b"lil"), "shape": np.array([1, 1])},
            r"the sparse format 'lil', allowed are csr",
        ),
        (
            {"format": np.array(b"csr"), "shape": np.array([1, 1]), "data": np.ones(1)},
            r"lacks indices, indptr",
        ),
    ):
        save: Any = np.savez  # its types know no names of arrays
        save(path, **arrays)
        with pytest.raises(RunError, match=message):
            load_matrix(path, "A")
    path.write_text("no archive")
    with pytest.raises(RunError, match=r"is not an? .* \(it does not begin as one\)"):
        load_matrix(path, "A")


def test_objects_are_called_what_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[1, None]]), allow_pickle=True)
    with pytest.raises(
        RunError, match="holds Python objects, allowed are integers and real numbers"
    ) as caught:
        load_matrix(tmp_path / "a.npy", "A")
    assert "pickle" not in str(caught.value)
    (tmp_path / "a.npy").write_text("text")
    with pytest.raises(RunError, match=r"is not an \.npy file") as caught:
        load_matrix(tmp_path / "a.npy", "A")
    assert "pickle" not in str(caught.value)


def test_a_large_matrix_stays_sparse() -> None:
    """2^22 × 2^22 with one nonzero."""
    size = 1 << 22
    made = from_arrays(
        "coo",
        np.array([size, size]),
        {"data": np.array([3]), "row": np.array([7]), "col": np.array([9])},
        "A",
    )
    assert (made.shape, made.T.rows.tolist(), made.values.tolist()) == ((size, size), [9], [3])
    assert from_dense(np.array([[0.0, -0.0, 2.0]])).columns.tolist() == [2]
