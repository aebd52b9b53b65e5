"""What a product takes on the systolic array, to the cycle, from its shape alone: zeros are worked on as all others.

With F folds of T vectors on R × C multipliers, an adder of L cycles and a multiplier of P, the time from a fold's
first
row of weights to the next fold's, if neither stream is ever late::

    two weights a multiplier    max(T, R + 1 + H),  H = max(0, (R − 1) · (L − 1) + C − 2)
    one                         T + R + H,          H =         (R − 1) · (L − 1) + C − 1

and F − 1 of these, R rows of weights, T vectors and the latency R · L + C + P are the whole. The paper's model of its
baseline (004_cc286613ada5888f, section VI-A, by SCALE-Sim) is F · (T + R + min(K, R)); with one weight a multiplier
ours is that plus F · (H − min(K, R)) + R · L + C + P − H: the next fold waits for the way along the columns, not for
that down the rows, because its weights follow the last vector row by row.
"""

from typing import Any

from .cycles import Cycles

__all__ = ["exact", "pieces", "shape_of"]

#: Beats in one run of the simulator; longer products are run in pieces of whole folds.
_PIECE = 1_000_000


def shape_of(shape: tuple[int, int, int], stationary: str) -> tuple[int, int, int]:
    """Return vectors, K and columns of a product of M×K and K×N with A or B stationary.

    Parameters
    ----------
    shape : M, K and N
    stationary : ``a`` or ``b``
    """
    m, k, n = shape
    return (m, k, n) if stationary == "b" else (n, k, m)


def pieces(parameters: dict[str, Any], shape: tuple[int, int, int], stationary: str = "b") -> list[range]:
    """Return the numbers of the folds of each run of the simulator.

    Parameters
    ----------
    parameters : of the engine
    shape : M, K, N
    stationary : ``a`` or ``b``
    """
    vectors, k, columns = shape_of(shape, stationary)
    folds = -(-k // parameters["rows"]) * -(-columns // parameters["columns"])
    size = max(1, _PIECE // (vectors + parameters["rows"]))
    return [range(first, min(first + size, folds)) for first in range(0, folds, size)]


def exact(
    parameters: dict[str, Any], shape: tuple[int, int, int], stationary: str = "b"
) -> tuple[Cycles, int]:
    """Return the cycles that a run on the RTL takes, and its folds.

    Parameters
    ----------
    parameters : of the engine
    shape : M, K, N
    stationary : ``a`` or ``b``, the operand whose parts the array holds
    """
    rows, columns = parameters["rows"], parameters["columns"]
    step = parameters["adder_pipeline"]
    vectors = shape_of(shape, stationary)[0]
    latency = rows * step + columns + parameters["multiplier_pipeline"]
    hold = max(0, (rows - 1) * (step - 1) + columns - (2 if parameters["double_buffer"] else 1))
    period = max(vectors, rows + 1 + hold) if parameters["double_buffer"] else vectors + rows + hold
    total, folds = Cycles(), 0
    for piece in pieces(parameters, shape, stationary):
        count = len(piece)
        total.streaming += count * vectors
        total.add += latency
        total.loading += rows + (count - 1) * (period - vectors)
        folds += count
    return total, folds
