"""What became of the numbers: errors of operands and product, and when they are worth a warning."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.quantise import sqnr

from .operands import Matrix
from .sparse import Sparse

__all__ = [
    "Taken",
    "distance_in_bits",
    "finite",
    "integer_margin",
    "operand_report",
    "operand_warnings",
    "product_quality",
    "product_warnings",
]

#: Products of more outputs than this are compared, and returned, without their zeros.
MOST_OUTPUTS = 1 << 27

#: Share of the nonzeros that may become zero, and that may be clipped, and least SQNR in decibels of a product.
_MOST_ZEROED, _MOST_CLIPPED, _LEAST_SQNR = 0.5, 0.05, 6.0


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An operand as the engine took it.

    Attributes
    ----------
    values : what is multiplied, units included, M×K or K×N as given; for counting and for the errors
    format : of an element
    bits : stored bits an element, shares of scales included
    clipped : elements that were too large for the format and its scale
    more : fields of the engine's own for the report
    """

    values: np.ndarray
    format: str
    bits: float
    clipped: int
    more: dict[str, Any] = field(default_factory=dict)


def finite(value: float) -> float | None:
    """JSON has no infinity: ``None`` where there is no noise, or no signal."""
    return float(value) if math.isfinite(value) else None


def operand_report(wanted: np.ndarray, taken: Taken) -> dict[str, Any]:
    """Return what quantising did to an operand, for the report.

    Parameters
    ----------
    wanted : the operand as it was given, or its nonzeros, as ``taken.values``
    """
    return {
        "format": taken.format,
        "bits_an_element": taken.bits,
        "sqnr_db": finite(sqnr(wanted, taken.values)) if wanted.size else None,
        "largest_error": finite(np.abs(taken.values - wanted).max()) if wanted.size else 0.0,
        "nonzeros": int(np.count_nonzero(wanted)),
        "made_zero": int(np.count_nonzero((taken.values == 0) & (wanted != 0))),
        "clipped": taken.clipped,
        **taken.more,
    }


def product_quality(a: Matrix, b: Matrix, c: Any) -> dict[str, float | None]:
    """Compare C with the product of the given matrices in float64.

    Parameters
    ----------
    a, b : as they were given, float64
    c : what the engine gave, an array or a matrix of SciPy

    Returns
    -------
    ``largest`` (of the errors), ``relative_to_largest`` (of the exact outputs) and ``sqnr_db``: ``None`` where that
    is no finite number, as without any noise
    """
    # Both operands are scaled to a largest magnitude of about 1, by powers of two: nothing overflows.
    exponents = [_exponent(each) for each in (a, b)]
    exact = _product(*(_scaled(each, -exponent) for each, exponent in zip((a, b), exponents, strict=True)))
    shift = sum(exponents)
    if isinstance(exact, np.ndarray):
        dense = c.toarray() if hasattr(c, "toarray") else c
        found = np.ldexp(dense.astype(np.float64), -shift)
        if not np.isfinite(found).all():
            return {"largest": None, "relative_to_largest": None, "sqnr_db": None}
        missed, largest = np.abs(found - exact).max(), np.abs(exact).max()
        noise = sqnr(exact, found)
    else:
        found = c.astype(np.float64)
        found.data = np.ldexp(found.data, -shift)
        if not np.isfinite(found.data).all():
            return {"largest": None, "relative_to_largest": None, "sqnr_db": None}
        difference = found - exact
        missed = np.abs(difference.data).max(initial=0.0)
        largest = np.abs(exact.data).max(initial=0.0)
        power, error = float((exact.data**2).sum()), float((difference.data**2).sum())
        noise = 10 * math.log10(power / error) if power and error else math.inf
    return {
        "largest": finite(np.ldexp(missed, shift)),
        "relative_to_largest": finite(missed / largest) if largest else (0.0 if not missed else None),
        "sqnr_db": finite(noise),
    }


def _exponent(matrix: Matrix) -> int:
    values = matrix.values if isinstance(matrix, Sparse) else matrix
    return int(np.frexp(np.abs(values).max(initial=0.0))[1])


def _scaled(matrix: Matrix, exponent: int) -> Matrix:
    if isinstance(matrix, Sparse):
        return matrix.with_values(np.ldexp(matrix.values, exponent))
    return np.ldexp(matrix, exponent)


def _product(a: Any, b: Any) -> Any:
    """Return A @ B: dense, unless an operand is sparse and the product would not fit."""
    if isinstance(a, Sparse) or isinstance(b, Sparse):
        import scipy.sparse  # noqa: PLC0415 - dense matrices need no SciPy

        first, second = (
            scipy.sparse.csr_array((each.values, (each.rows, each.columns)), shape=each.shape)
            if isinstance(each, Sparse)
            else scipy.sparse.csr_array(each)
            for each in (a, b)
        )
        product: Any = first @ second
        return product.toarray() if a.shape[0] * b.shape[1] <= MOST_OUTPUTS else product
    return a @ b


def operand_warnings(name: str, report: dict[str, Any]) -> list[str]:
    """Say what of an operand was lost, from its :func:`operand_report`.

    Parameters
    ----------
    name : of the operand
    report : its report
    """
    warnings, count = [], report["nonzeros"]
    zeroed, clipped = report["made_zero"], report["clipped"]
    if zeroed > _MOST_ZEROED * count:
        warnings.append(f"{name}: {zeroed} of {count} nonzeros became zero in {report['format']}")
    if clipped > _MOST_CLIPPED * count:
        warnings.append(
            f"{name}: {clipped} of {count} nonzeros were clipped to the range of {report['format']}"
        )
    return warnings


def product_warnings(quality: dict[str, float | None]) -> list[str]:
    """Say that a product is mostly noise, from its :func:`product_quality`."""
    noise = quality["sqnr_db"]
    if noise is None or noise >= _LEAST_SQNR:
        return []
    return [f"the product's SQNR is {noise:.1f} dB, below {_LEAST_SQNR:g} dB: more bits, or finer scales"]


def distance_in_bits(limit: float, size: float) -> float | None:
    """How many times a magnitude may double before it passes a limit; ``None`` of zero.

    Parameters
    ----------
    limit : above 0
    size : the magnitude, 0 or more
    """
    return math.log2(limit) - math.log2(size) if 0 < size < math.inf else None


def integer_margin(bits: int, found: tuple[int, int], worst: tuple[int, int]) -> dict[str, Any]:
    """How far integer sums stay within two's complement of ``bits`` bits.

    Parameters
    ----------
    found : smallest and largest running sum of this product, 0 included
    worst : smallest and largest sum that any data of this shape can give

    Returns
    -------
    ``bits`` is the room of the sum that comes nearest to the end on its side, so 0 for −2^(bits−1), which just fits
    """
    limits = 2 ** (bits - 1), 2 ** (bits - 1) - 1

    def room(ends: tuple[int, int]) -> float | None:
        rooms = [distance_in_bits(limits[0], -ends[0]), distance_in_bits(limits[1], ends[1])]
        return min((each for each in rooms if each is not None), default=None)

    return {
        "limit": limits[1],
        "largest_sum": max(-found[0], found[1]),
        "worst_case_sum": max(-worst[0], worst[1]),
        "bits": room(found),
        "worst_case_bits": room(worst),
    }
