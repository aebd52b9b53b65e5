"""The paper's baseline: a weight-stationary systolic array of R rows and C columns, as SCALE-Sim counts it.

K runs along rows, stationary rows along columns; zeros are mapped like any value::

    folds = ceil(K / R) · ceil(D / C)
    total = folds · (T + R + min(K, R))

of which ``min(K, R)`` cycles load a fold, T stream, and R see the last vector through the rows.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from .counts import Counts, better
from .errors import ModelError
from .operands import Product

__all__ = ["SHAPES", "SystolicArray", "array", "square"]

#: Rows and columns of the paper's three aspect ratios and their turns (Fig. 11 and 12), 16,384 multipliers each.
SHAPES = ((128, 128), (256, 64), (512, 32), (64, 256), (32, 512))

_MOST = 2**20


@dataclass(frozen=True)
class SystolicArray:
    """An array.

    Attributes
    ----------
    rows, columns : of multipliers, 1…2^20

    Raises
    ------
    ModelError
        ``rows`` or ``columns`` is not in 1…2^20.
    """

    rows: int
    columns: int

    def __post_init__(self) -> None:
        for name, value in (("rows", self.rows), ("columns", self.columns)):
            if not 1 <= value <= _MOST:
                raise ModelError(f"{name} of the array {value}: allowed 1…2^20")

    @property
    def multipliers(self) -> int:
        """How many there are."""
        return self.rows * self.columns

    def count(self, product: Product, stationary: str = "auto") -> Counts:
        """Return the cycles with A, B or the better of the two stationary.

        Parameters
        ----------
        product : M, K, N and what is counted in them
        stationary : ``a``, ``b`` or ``auto``, the one of fewer cycles
        """
        if stationary == "auto":
            return better([self.count(product, "a"), self.count(product, "b")])
        stays, nonzeros, vectors, _ = product.side(stationary)
        k, rows = product.k, self.rows
        folds = -(-k // rows) * -(-stays // self.columns)
        return Counts(
            stationary=stationary,
            loading=folds * min(k, rows),
            streaming=folds * vectors,
            add=folds * rows,
            folds=folds,
            held=Fraction(stays * k),
            nonzeros=nonzeros,
            multipliers=self.multipliers,
            useful_macs=product.useful_macs,
            notes={"array": {"rows": rows, "columns": self.columns}},
        )


def square(multipliers: int) -> SystolicArray:
    """Return the square array of so many multipliers.

    Raises
    ------
    ModelError
        There is none.
    """
    side = isqrt(max(0, multipliers))
    if side * side != multipliers or not side:
        raise ModelError(
            f"multipliers {multipliers}: a square array has a square number; --array R,C gives others"
        )
    return SystolicArray(side, side)


def array(text: str) -> SystolicArray:
    """Return the array of a text such as ``256,64``.

    Raises
    ------
    ModelError
        It is not two sides.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isascii() and part.strip().isdecimal() for part in parts):
        raise ModelError(f"array {text!r}: R,C is allowed, such as 256,64")
    return SystolicArray(*map(int, parts))
