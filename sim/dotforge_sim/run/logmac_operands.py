"""Operands of the log-weight MAC: words, units, and what quantising took away."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden.levels import Levels, Scaled, exponents, integers, logarithms, scale
from dotforge_golden.log_number import log_number
from dotforge_golden.logmac import weight_code

from .gemm import RunError
from .operands import Stored, values
from .quality import Taken, finite
from .tensors.stored import about, wanted_format

__all__ = ["Operands", "activation_levels", "is_log", "weight_levels"]


def is_log(parameters: dict[str, Any]) -> bool:
    """Whether the weights are log numbers."""
    return parameters["weight_code"].startswith("log:")


def weight_levels(parameters: dict[str, Any]) -> Levels:
    """Return the numbers that a weight can be."""
    name = parameters["weight_code"]
    if is_log(parameters):
        return logarithms(log_number(name), name)
    return exponents(weight_code(name), name)


def activation_levels(parameters: dict[str, Any]) -> Levels:
    """Return the numbers that an activation can be."""
    name = parameters["activation_code"]
    if name == "integer":
        return integers(parameters["activation_bits"])
    return logarithms(log_number(name), name)


@dataclass(frozen=True)
class Operands:
    """Both matrices as the engine takes them, K in the second dimension of both.

    Attributes
    ----------
    a, b : rows of A, columns of B
    rules : what made them
    """

    a: Scaled
    b: Scaled
    rules: tuple[dict[str, Any], dict[str, Any]]

    @staticmethod
    def of(
        parameters: dict[str, Any],
        a: np.ndarray | Stored,
        b: np.ndarray | Stored,
        *,
        quantize: str,
        unit: str,
        a_per_row: bool,
        b_per_column: bool,
    ) -> "Operands":
        """Quantise A, M×K, and B, K×N; what is quantised already stays as it is.

        Parameters
        ----------
        quantize : ``none`` refuses what is not exact; ``nearest`` rounds all but integers, with units of 1;
            ``scaled`` chooses units
        unit : see :func:`dotforge_golden.levels.scale`
        a_per_row, b_per_column : a unit each, not one for the matrix
        parameters : of the engine, by name
        a : A, (M, K)
        b : B, (K, N)

        Raises
        ------
        RunError
            Values that are not exact where they must be.
        """
        of_a, of_b = activation_levels(parameters), weight_levels(parameters)
        found, rules = [], []
        for name, matrix, levels, per_row in (("A", a, of_a, a_per_row), ("B", b, of_b, b_per_column)):
            if isinstance(matrix, Stored):
                ready = wanted_format(matrix, name, "logmac", "levels", levels.name)
                found.append(Scaled(ready.elements.astype(np.int64), ready.units, levels))
                rules.append({"stored": True, **matrix.rule})
                continue
            rows = matrix if name == "A" else matrix.T
            if quantize == "scaled":
                found.append(scale(rows, levels, per_row=per_row, unit=unit))
                rules.append({"quantize": quantize, "unit": unit, "shared": "row" if per_row else "matrix"})
                continue
            if name == "A" and parameters["activation_code"] == "integer":
                _only_integers(rows, parameters["activation_bits"])
            else:
                _only_exact(rows, levels, name, "values" if name == "A" else "weights", quantize)
            found.append(Scaled(levels.encode(rows), np.ones(len(rows)), levels))
            rules.append({"quantize": quantize})
        return Operands(found[0], found[1], (rules[0], rules[1]))

    def taken(self, a: np.ndarray | Stored, b: np.ndarray | Stored) -> tuple[Taken, Taken]:
        """Return what the engine takes for A and B.

        Parameters
        ----------
        a : A, (M, K)
        b : B, (K, N)
        """
        first, second = values(a), values(b)
        assert isinstance(first, np.ndarray) and isinstance(second, np.ndarray)
        return _taken(first, self.a, transposed=False), _taken(second.T, self.b, transposed=True)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return elements and units in the matrices' own orientation, and the numbers that words stand for."""
        told = [
            {"kind": "levels", "format": operand.levels.name, "block": 1, "rule": rule}
            for operand, rule in zip((self.a, self.b), self.rules, strict=True)
        ]
        arrays: dict[str, np.ndarray] = about("logmac", *told)
        for name, operand in (("a", self.a), ("b", self.b)):
            levels = operand.levels
            size = 8 if levels.bits <= 8 else 16
            kind = f"{'int' if levels.words.min() < 0 else 'uint'}{size}"
            words = operand.words if name == "a" else operand.words.T
            arrays[f"{name}_elements"] = np.ascontiguousarray(words.astype(kind))
            arrays[f"{name}_units"] = operand.units
            arrays[f"{name}_words"] = levels.words.astype(kind)
            arrays[f"{name}_values"] = levels.decode(levels.words)
        return arrays


def _only_integers(a: np.ndarray, bits: int) -> None:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    broken = a != np.rint(a)
    if broken.any():
        raise RunError(
            f"A holds values that are not integers, such as {a[broken][0]}: --quantize scaled makes them"
        )
    outside = a[(a < low) | (a > high)]
    if outside.size:
        raise RunError(f"A holds {outside.size} values outside {low}…{high}, such as {outside[0]:g}")


def _only_exact(matrix: np.ndarray, levels: Levels, name: str, what: str, quantize: str) -> None:
    wrong = levels.decode(levels.encode(matrix)) != matrix
    if quantize == "none" and wrong.any():
        raise RunError(
            f"{name} holds {np.count_nonzero(wrong)} {what} that the code cannot represent, such as "
            f"{matrix[wrong][0]}: --quantize nearest rounds them, --quantize scaled chooses a unit too"
        )


def _taken(wanted: np.ndarray, found: Scaled, *, transposed: bool) -> Taken:
    limits = found.levels.largest * found.units[:, None]
    values = found.values()
    return Taken(
        values=values.T if transposed else values,
        format=found.levels.name,
        bits=found.levels.bits,
        clipped=int(np.count_nonzero(np.abs(wanted) > limits * (1 + 1e-12))),
        more={"units": {"count": len(np.unique(found.units)), "largest": finite(found.units.max())}},
    )
