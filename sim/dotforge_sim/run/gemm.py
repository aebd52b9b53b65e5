"""What every run of a matrix product shares: operands from files, the counts of a report, errors."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..models.cycles import Cycles

__all__ = [
    "Design",
    "Progress",
    "RunError",
    "RunResult",
    "check_operands",
    "load_matrix",
    "statistics",
]

#: Called with beats done and beats in all.
Progress = Callable[[int, int], None]


class RunError(Exception):
    """Operands that an engine does not take; the message is one line."""


@dataclass(frozen=True)
class Design:
    """The module that runs: its Verilog and its manifest."""

    verilog: str
    manifest: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the engine."""
        return self.manifest["parameters"]


@dataclass
class RunResult:
    """The product and what is reported about it.

    Attributes
    ----------
    c : the product
    statistics : the fields that all engines report (see :func:`statistics`), and the engine's own
    failure : one line where the run must not pass for a success, such as outputs that overflowed
    arrays : what ``--save-quantized`` writes: operands as the engine took them
    """

    c: np.ndarray
    statistics: dict[str, Any]
    failure: str | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def load_matrix(path: Path, name: str) -> np.ndarray:
    """Read a matrix of real numbers from an ``.npy`` file, or a sparse one from SciPy's ``.npz``.

    Raises
    ------
    RunError
        The file is missing or is not such a matrix.
    """
    if path.suffix == ".npz":
        return check_matrix(_load_sparse(path, name), name)
    try:
        matrix = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise RunError(f"{name}: {path} does not exist") from None
    except (OSError, ValueError, EOFError) as error:
        raise RunError(f"{name}: {path} is not an .npy file ({str(error).splitlines()[0]})") from None
    if not isinstance(matrix, np.ndarray):
        raise RunError(f"{name}: {path} holds several arrays, allowed is one matrix in an .npy file")
    return check_matrix(matrix, name)


def _load_sparse(path: Path, name: str) -> np.ndarray:
    """Read what ``scipy.sparse.save_npz`` wrote, with its zeros."""
    import scipy.sparse  # noqa: PLC0415 - dense matrices need no SciPy

    try:
        return scipy.sparse.load_npz(path).toarray()
    except FileNotFoundError:
        raise RunError(f"{name}: {path} does not exist") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise RunError(
            f"{name}: {path} is not a sparse matrix of scipy.sparse.save_npz ({str(error).splitlines()[0]})"
        ) from None


def check_matrix(matrix: np.ndarray, name: str) -> np.ndarray:
    """Return the matrix, or raise :class:`RunError` if it is not a non-empty matrix of finite numbers."""
    if matrix.ndim != 2:
        raise RunError(f"{name} has shape {matrix.shape}, allowed is a matrix (two dimensions)")
    if 0 in matrix.shape:
        raise RunError(f"{name} has shape {matrix.shape}, allowed is at least 1×1")
    if matrix.dtype.kind not in "biuf":
        raise RunError(f"{name} has dtype {matrix.dtype}, allowed are integers and real numbers")
    if matrix.dtype.kind == "f" and not np.isfinite(matrix).all():
        raise RunError(
            f"{name} holds {np.count_nonzero(~np.isfinite(matrix))} values that are NaN or infinite"
        )
    return matrix


def check_operands(a: np.ndarray, b: np.ndarray) -> tuple[int, int, int]:
    """Return M, K, N of two matrices that can be multiplied."""
    check_matrix(a, "A")
    check_matrix(b, "B")
    if a.shape[1] != b.shape[0]:
        raise RunError(
            f"A is {a.shape[0]}×{a.shape[1]} and B is {b.shape[0]}×{b.shape[1]}: A's columns must be B's rows"
        )
    return a.shape[0], a.shape[1], b.shape[1]


def statistics(
    design: Design,
    a: np.ndarray,
    b: np.ndarray,
    cycles: Cycles,
    *,
    lanes: int,
    mismatches: int,
    wall_seconds: float,
    stationary: str | None = None,
    folds: int | None = None,
    stationary_utilisation: float | None = None,
    accumulated_by: str | None = None,
) -> dict[str, Any]:
    """Return the fields of a run's report that all engines share; what does not apply is ``None``."""
    (m, k), n = a.shape, b.shape[1]
    useful = int(np.count_nonzero(a, axis=0).astype(object) @ np.count_nonzero(b, axis=1).astype(object))
    return {
        "engine": design.manifest["engine"],
        "parameters": design.parameters,
        "shape": {"m": m, "k": k, "n": n},
        "stationary": stationary,
        "nonzeros": {"a": int(np.count_nonzero(a)), "b": int(np.count_nonzero(b))},
        "folds": folds,
        "useful_macs": useful,
        "cycles": {
            "loading": cycles.loading,
            "streaming": cycles.streaming,
            "add": cycles.add,
            "total": cycles.total,
        },
        "stationary_utilisation": stationary_utilisation,
        "compute_efficiency": useful / (cycles.streaming * lanes) if cycles.streaming else None,
        "overall_efficiency": useful / (cycles.total * lanes) if cycles.total else None,
        "mismatches": mismatches,
        "accumulated_by": accumulated_by,
        "verilog_sha256": design.manifest["verilog_sha256"],
        "wall_seconds": wall_seconds,
    }
