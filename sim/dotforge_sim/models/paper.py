"""SIGMA's own cycle model (HPCA 2020, VI-A and Table II), for a stationary D×K of density d and T streaming vectors.

P multipliers, B words a cycle, stationary values packed without gaps over all multipliers and windows::

    loading   = ceil(D·K·d / B)
    folds     = ceil(D·K·d / P)
    streaming = T · folds                                       unlimited: a vector a cycle, whatever its length
              = T · ceil(K / B) · ceil(D · min(K, B) · d / P)   limited: B words a cycle
    add       = folds · log2 P
    total     = loading + streaming + add

The paper states its bandwidth as 128 words and allows "greater input bandwidth to distribute larger chunks of the
streaming matrix in one cycle" (VI-A); its averages come out with ``unlimited``.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

from .counts import Counts, better
from .errors import ModelError
from .operands import Product

__all__ = ["Sigma"]

#: Bounds of parameters.
_MOST = 2**30


@dataclass(frozen=True)
class Sigma:
    """The machine of the paper.

    Attributes
    ----------
    multipliers : P, a power of two, 2…2^30
    bandwidth : B, words a cycle, 1…2^30
    streaming : ``limited`` by the bandwidth, or ``unlimited``
    reduction : multipliers of a reduction tree, whose logarithm an addition takes; all of them by default, as the paper
        has it, or those of one Flex-DPE

    Raises
    ------
    ModelError
        A value is none of those that are allowed.
    """

    multipliers: int = 16_384
    bandwidth: int = 128
    streaming: Literal["limited", "unlimited"] = "unlimited"
    reduction: int | None = None

    def __post_init__(self) -> None:
        for name, value in (
            ("multipliers", self.multipliers),
            ("reduction", self.reduction or self.multipliers),
        ):
            if not 2 <= value <= _MOST or value & (value - 1):
                raise ModelError(f"{name} {value}: allowed are powers of two, 2…2^30")
        if not 1 <= self.bandwidth <= _MOST:
            raise ModelError(f"bandwidth {self.bandwidth}: allowed 1…2^30")
        if self.streaming not in ("limited", "unlimited"):
            raise ModelError(f"streaming {self.streaming}: allowed are limited, unlimited")

    def count(self, product: Product, stationary: str = "auto") -> Counts:
        """Return the cycles with A, B or the better of the two stationary.

        Parameters
        ----------
        product : M, K, N and what is counted in them
        stationary : ``a``, ``b`` or ``auto``, the one of fewer cycles
        """
        if stationary == "auto":
            return better([self.count(product, "a"), self.count(product, "b")])
        _, held, vectors, _ = product.side(stationary)
        k, multipliers, bandwidth = product.k, self.multipliers, self.bandwidth
        folds = ceil(held / multipliers)
        if self.streaming == "unlimited":
            streaming = vectors * folds
        else:
            values = Fraction(held, k) * min(k, bandwidth)
            streaming = vectors * -(-k // bandwidth) * ceil(values / multipliers)
        tree = self.reduction or multipliers
        return Counts(
            stationary=stationary,
            loading=ceil(held / bandwidth),
            streaming=streaming,
            add=folds * (tree.bit_length() - 1),
            folds=folds,
            held=held,
            nonzeros=held,
            multipliers=multipliers,
            useful_macs=product.useful_macs,
            notes={"streaming": self.streaming},
        )
