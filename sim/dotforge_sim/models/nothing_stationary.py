"""The paper's third dataflow: both operands stream, and nothing stays (SIGMA, sections III-B and IV-D, Fig. 4e).

Every multiplier gets a pair of nonzeros that belong together in every cycle, whatever the shape and sparsity, so all of
them are busy; nothing is loaded, and nothing waits for a fold. In return each product takes both of its operands
anew: with P multipliers 2 · P elements a cycle. A multicast could save one of them for neighbours that share an
operand, but which of them do changes every cycle, so that settings of a network could not be prepared as they are for
a fold: they would have to be found and brought at the rate of the elements themselves.
"""

from fractions import Fraction
from math import ceil

from .counts import Counts
from .errors import ModelError
from .operands import Product

__all__ = ["bandwidth", "count"]


def bandwidth(multipliers: int) -> int:
    """Return the elements a cycle that keep all multipliers busy.

    Parameters
    ----------
    multipliers : of the machine
    """
    return 2 * multipliers


def count(product: Product, multipliers: int, elements: int = 0) -> Counts:
    """Return the cycles of a product.

    Parameters
    ----------
    product : M, K, N and what is counted in them
    multipliers : P, a power of two
    elements : that come in a cycle; 0 for as many as :func:`bandwidth` says

    Raises
    ------
    ModelError
        ``multipliers`` is no power of two from 2, or ``elements`` is negative.
    """
    if multipliers < 2 or multipliers & (multipliers - 1):
        raise ModelError(f"multipliers {multipliers}: allowed are powers of two from 2")
    if elements < 0:
        raise ModelError(f"elements {elements}: allowed 0 or more")
    pairs = Fraction(min(elements or bandwidth(multipliers), bandwidth(multipliers)), 2)
    streaming = ceil(Fraction(product.useful_macs) / pairs)
    return Counts(
        stationary="none",
        loading=0,
        streaming=streaming,
        add=(multipliers - 1).bit_length() if streaming else 0,
        folds=0,
        held=0,
        nonzeros=0,
        multipliers=multipliers,
        useful_macs=product.useful_macs,
        notes={"elements a cycle": int(2 * pairs)},
    )
