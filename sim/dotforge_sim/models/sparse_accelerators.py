"""Sparse accelerators to the first order: cycles under the one limitation that SIGMA's Table III names for each.

All have as many multipliers and run either operand stationary, whichever is faster. No claim is made beyond that:
buffers
are as large as they need to be, one operand is loaded at SIGMA's bandwidth, and what a figure depends on is in
``data/sparse_accelerators.toml``.
"""

from collections.abc import Callable
from math import ceil, log2

from .operands import Product
from .parameter_file import load, values
from .systolic_array import SystolicArray

__all__ = ["ACCELERATORS", "cycles"]

_Model = Callable[[Product, str, dict[str, float]], float]


def _eie(product: Product, stationary: str, p: dict[str, float]) -> float:
    """Each nonzero of the streaming operand is broadcast, one a cycle, and PEs work off their share of its column."""
    _, _, _, streamed = product.side(stationary)
    return max(float(streamed) / p["eie_broadcast"], float(product.useful_macs) / p["multipliers"])


def _scnn(product: Product, stationary: str, p: dict[str, float]) -> float:
    """Each k is a Cartesian product of its two vectors in tiles; sums go to the PE of their output."""
    side = p["scnn_side"]
    per_k = [float(each) / product.k for each in (product.nonzeros_a, product.nonzeros_b)]
    tiles = product.k * ceil(per_k[0] / side) * ceil(per_k[1] / side)
    multiply = tiles * side**2 / p["multipliers"]
    return max(multiply, float(product.useful_macs) / (p["multipliers"] * p["scnn_accumulate"]))


def _outerspace(product: Product, stationary: str, p: dict[str, float]) -> float:
    """Products of all outer products, then a merge of sorted lists: N log N for N partial sums of an output."""
    useful = float(product.useful_macs)
    partial = max(1.0, useful / (product.m * product.n))
    return useful / p["multipliers"] * (1 + p["outerspace_merge"] * log2(max(2.0, partial)))


def _eyeriss(product: Product, stationary: str, p: dict[str, float]) -> float:
    """Both operands are buffered; pairs and clusters are used in part, and a cluster's sums go through its PEs."""
    work = float(product.useful_macs) / (p["multipliers"] * p["eyeriss_utilisation"])
    clusters = p["multipliers"] / (p["eyeriss_cluster"] * p["eyeriss_simd"])
    return work + product.m * product.n / clusters


def _packed(product: Product, stationary: str, p: dict[str, float]) -> float:
    """A systolic array on combined columns: fewer of them, with zeros left, and streaming zeros as they are."""
    stays, nonzeros, vectors, _ = product.side(stationary)
    density = float(nonzeros) / (stays * product.k) if nonzeros else 0.0
    factor = min(1.0, max(density / p["packed_density"], 1 / p["packed_group"]))
    side = int(p["multipliers"] ** 0.5)
    array = SystolicArray(side, side)
    folds = ceil(product.k / side) * ceil(stays * factor / side)
    return folds * (vectors + array.rows + min(product.k, array.rows))


def _cambricon(product: Product, stationary: str, p: dict[str, float]) -> float:
    """A PE works at one stationary row at a time: one partial sum of its tree, the last beat of a row in part."""
    stays, nonzeros, vectors, _ = product.side(stationary)
    tree = p["cambricon_tree"]
    pes = p["multipliers"] / tree
    return vectors * ceil(stays / pes) * ceil(float(nonzeros) / stays / tree)


#: Name in the paper → model.
ACCELERATORS: dict[str, _Model] = {
    "EIE": _eie,
    "SCNN": _scnn,
    "OuterSPACE": _outerspace,
    "Eyeriss v2": _eyeriss,
    "Packed Systolic": _packed,
    "Cambricon-X": _cambricon,
}


def cycles(accelerator: str, product: Product, **changed: float) -> float:
    """Return the cycles of a product, with the faster of the two operands stationary.

    Parameters
    ----------
    accelerator : see :data:`ACCELERATORS`
    product : shapes and densities, or matrices
    changed : inputs, see ``data/sparse_accelerators.toml``
    """
    p = values(load("sparse_accelerators"), **changed)
    return min(
        float(product.side(stationary)[1]) / p["bandwidth"]
        + ACCELERATORS[accelerator](product, stationary, p)
        for stationary in "ab"
    )
