"""Operands in one format, integer or floating point: nonzeros as words of it, with units where they were scaled."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import RunError
from .operands import Stored, nonzeros, values
from .options import RunOptions, refuse_quantising
from .quality import Taken
from .sparse import Sparse, from_dense
from .tensors.stored import about, wanted_format
from .word_format import Format, half_step

__all__ = ["Encoded", "EncodingOptions", "encode_both", "told"]

#: Units that ``least_error`` tries, this share of an octave apart.
_TRIALS, _STEP = 61, 1 / 12


@dataclass(frozen=True, kw_only=True)
class EncodingOptions(RunOptions):
    """How operands become words of an engine's format."""

    quantize: str = field(
        default="none",
        metadata={
            "choices": ("none", "nearest", "scaled"),
            "help": "what to do with values that the format does not hold: refuse them, round to nearest, or choose "
            "units and round",
        },
    )
    unit: str = field(
        default="max",
        metadata={
            "choices": ("max", "least_error"),
            "help": "scaled: the unit with which nothing is clipped, or the one of least error among 61",
        },
    )
    activation_unit: str = field(
        default="matrix",
        metadata={"choices": ("matrix", "row"), "help": "scaled: what shares a unit of A"},
    )
    weight_unit: str = field(
        default="column",
        metadata={"choices": ("column", "matrix"), "help": "scaled: what shares a unit of B"},
    )


@dataclass(frozen=True)
class Encoded:
    """A matrix as the engine takes it.

    Attributes
    ----------
    given : as it was given
    codes : of each nonzero of ``given``; some are zero
    units : of each row (A) or column (B), ``None`` where all are 1
    axis : what has a unit: 0 rows, 1 columns
    format : of the codes
    rule : what made the codes
    """

    given: Sparse
    codes: np.ndarray
    units: np.ndarray | None
    axis: int
    format: Format
    rule: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def stored(cls, operand: Stored, name: str, format: Format, engine: str) -> "Encoded":
        """Take an operand that is quantised already; a negative zero is none of its nonzeros.

        Parameters
        ----------
        operand : words of the format
        name : ``A`` or ``B``
        format : of the engine
        engine : its name, for messages

        Raises
        ------
        RunError
            It is of another format.
        """
        found = wanted_format(operand, name, engine, "words", format.name)
        codes = found.elements if name == "A" else found.elements.T
        given = from_dense(values(found))
        units = None if (found.units == 1).all() else found.units.astype(np.float64)
        axis = 0 if name == "A" else 1
        return cls(
            given, codes[given.rows, given.columns], units, axis, format, {"stored": True, **found.rule}
        )

    @classmethod
    def of(
        cls, matrix: Sparse, name: str, format: Format, *, quantize: str, unit: str, shared: bool
    ) -> "Encoded":
        """Encode an operand.

        Parameters
        ----------
        name : ``A``, whose rows may have units, or ``B``, whose columns may
        quantize : ``none`` refuses what the format does not hold, ``nearest`` rounds, ``scaled`` chooses units
            and rounds
        unit : ``max``, so that the largest magnitude is the format's largest, or ``least_error``, of that and of 60
            smaller ones the one of least squared error
        shared : one unit for the matrix
        matrix : the operand
        format : of the codes

        Raises
        ------
        RunError
            Values that are not of the format where they must be.
        """
        axis = 0 if name == "A" else 1
        if quantize == "scaled":
            units = _units(matrix, format, unit, axis=axis, shared=shared)
            places = matrix.rows if axis == 0 else matrix.columns
            rule = {
                "quantize": quantize,
                "unit": unit,
                "shared": "matrix" if shared else ("row", "column")[axis],
            }
            return cls(matrix, format.encode(matrix.values / units[places]), units, axis, format, rule)
        codes = format.encode(matrix.values)
        if quantize == "none":
            _only_exact(matrix.values, format.decode(codes), name, format)
        return cls(matrix, codes, None, axis, format, {"quantize": quantize})

    @property
    def _decoded(self) -> np.ndarray:
        values = self.format.decode(self.codes)
        if self.units is None:
            return values
        return values * self.units[self.given.rows if self.axis == 0 else self.given.columns]

    def nonzeros(self) -> Sparse:
        """Return the codes of what did not become zero; a negative zero did."""
        return self.given.with_values(self.codes, self.format.decode(self.codes) != 0)

    def taken(self) -> Taken:
        """Return what became of the operand, nonzero by nonzero."""
        values, ends = self.format.decode(self.codes), self.format.largest
        scale = (
            1.0
            if self.units is None
            else self.units[self.given.rows if self.axis == 0 else self.given.columns]
        )
        wanted = np.abs(self.given.values) / scale
        beyond = wanted > np.abs(values) + half_step(self.format)
        more = {}
        if self.units is not None:
            more["units"] = {"count": len(np.unique(self.units)), "largest": float(self.units.max())}
        return Taken(
            values=self._decoded,
            format=self.format.name,
            bits=self.format.bits,
            clipped=int(np.count_nonzero((np.abs(values) >= ends) & beyond)),
            more=more,
        )

    def arrays(self, name: str, *, dense: bool) -> dict[str, np.ndarray]:
        """Return codes, with zeros or with places, and units.

        Parameters
        ----------
        name : of the operand, which theirs begin with
        dense : with zeros
        """
        small = (
            self.codes.astype(np.int8) if not self.format.is_float and self.format.bits <= 8 else self.codes
        )
        found = self.nonzeros()
        if dense:
            arrays = {f"{name}_elements": self.given.with_values(small).dense()}
        else:
            kept = self.format.decode(self.codes) != 0
            arrays = {
                f"{name}_elements": small[kept],
                f"{name}_rows": found.rows,
                f"{name}_columns": found.columns,
                f"{name}_shape": np.array(found.shape),
            }
        units = np.ones(self.given.shape[self.axis]) if self.units is None else self.units
        return arrays | {f"{name}_units": units}


def encode_both(given: Sequence[Any], format: Format, options: EncodingOptions, engine: str) -> list[Encoded]:
    """Encode A and B; what is quantised already stays as it is.

    Parameters
    ----------
    given : both, with their zeros, sparse, or quantised already
    format : of both
    options : see :class:`EncodingOptions`
    engine : its name, for messages

    Raises
    ------
    RunError
        Values that are not of the format where they must be, or a unit for a format that needs none.
    """
    ready = [isinstance(each, Stored) for each in given]
    refuse_quantising(
        options,
        {
            "quantize": not all(ready),
            "unit": not all(ready),
            "activation_unit": not ready[0],
            "weight_unit": not ready[1],
        },
    )
    if options.quantize == "scaled" and format.name == "bf16":
        raise RunError(
            "--quantize scaled: bf16 has the range of FP32 and needs no unit; allowed are none, nearest"
        )
    return [
        Encoded.stored(matrix, name, format, engine)
        if isinstance(matrix, Stored)
        else Encoded.of(
            nonzeros(matrix),
            name,
            format,
            quantize=options.quantize,
            unit=options.unit,
            shared=shared == "matrix",
        )
        for matrix, name, shared in zip(
            given, "AB", (options.activation_unit, options.weight_unit), strict=True
        )
    ]


def told(
    encoded: list[Encoded], format: Format, options: EncodingOptions, *, engine: str, arrays_dense: bool
) -> dict[str, Any]:
    """Return the fields of a :class:`~dotforge_sim.run.conclusion.Conclusion` that follow from operands and options.

    Parameters
    ----------
    encoded : A and B
    format, options : they were encoded with
    engine : its name
    arrays_dense : whether ``--save-quantized`` writes their zeros
    """
    rules = [each.rule for each in encoded]
    return {
        "taken": (encoded[0].taken(), encoded[1].taken()),
        "taken_values": (encoded[0].nonzeros(), encoded[1].nonzeros()),
        "given_values": (encoded[0].given.values, encoded[1].given.values),
        "remedy": "smaller operands" if format.is_float else "a wider sum_format, or exact",
        "allow_overflow": options.allow_overflow,
        "quantization": {"kind": options.quantize, "rules": dict(zip("ab", rules, strict=True))},
        "arrays": about(
            engine, *({"kind": "words", "format": format.name, "block": 1, "rule": rule} for rule in rules)
        )
        | encoded[0].arrays("a", dense=arrays_dense)
        | encoded[1].arrays("b", dense=arrays_dense),
    }


def _units(matrix: Sparse, format: Format, unit: str, *, axis: int, shared: bool) -> np.ndarray:
    """Return a unit for every row or column."""
    count = 1 if shared else matrix.shape[axis]
    places = np.zeros(len(matrix.values), np.int64) if shared else (matrix.rows, matrix.columns)[axis]
    magnitude = np.zeros(count)
    np.maximum.at(magnitude, places, np.abs(matrix.values))
    units = np.where(magnitude > 0, np.maximum(magnitude / format.largest, 5e-324), 1.0)
    if unit == "least_error" and len(matrix.values):
        largest = np.where(magnitude > 0, magnitude, 1.0)[places]  # so that no square leaves the range
        best, least = units, np.full(count, np.inf)
        for number in range(_TRIALS):
            tried = np.maximum(units * 2.0 ** (-_STEP * number), 5e-324)
            each = tried[places]
            missed = (format.decode(format.encode(matrix.values / each)) * each - matrix.values) / largest
            noise = np.bincount(places, missed**2, minlength=count)
            better = noise < least
            best, least = np.where(better, tried, best), np.where(better, noise, least)
        units = best
    return np.broadcast_to(units, matrix.shape[axis]) if shared else units


def _only_exact(values: np.ndarray, found: np.ndarray, name: str, format: Format) -> None:
    wrong = found != values
    if not wrong.any():
        return
    if format.is_float:
        raise RunError(
            f"{name} holds {np.count_nonzero(wrong)} values that are not of {format.name.upper()}, such as "
            f"{values[wrong][0]}: --quantize nearest rounds them, --quantize scaled chooses a unit too"
        )
    broken = values != np.rint(values)
    if broken.any():
        raise RunError(
            f"{name} holds values that are not integers, such as {values[broken][0]}: --quantize scaled makes them"
        )
    low, high = -(2 ** (format.bits - 1)), 2 ** (format.bits - 1) - 1
    raise RunError(
        f"{name} holds {np.count_nonzero(wrong)} values outside {low}…{high}, such as {values[wrong][0]:.17g}"
    )
