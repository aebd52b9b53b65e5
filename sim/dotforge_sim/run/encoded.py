"""Operands in one format, integer or floating point: nonzeros as words of it, with units where they were scaled."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.formats import lookup

from .errors import RunError
from .operands import nonzeros
from .options import RunOptions
from .quality import Taken, distance_in_bits, finite, integer_margin
from .sparse import Sparse

__all__ = ["Encoded", "EncodingOptions", "Format", "encode_both", "in_units", "sums_margin", "told"]

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
class Format:
    """An operand format.

    Parameters
    ----------
    name : ``int8``, ``bf16`` and so on
    """

    name: str

    @property
    def is_float(self) -> bool:
        """Whether matrices hold encodings."""
        return not self.name.startswith("int")

    @property
    def bits(self) -> int:
        """Width of an element."""
        return lookup(self.name.upper()).width if self.is_float else int(self.name[3:])

    @property
    def largest(self) -> float:
        """Largest magnitude, of both signs."""
        if self.is_float:
            found = lookup(self.name.upper())
            return float(found.decode(np.array(found.largest)))
        return 2.0 ** (self.bits - 1) - 1

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Round to nearest, ties to even; what is too large saturates."""
        if self.is_float:
            return lookup(self.name.upper()).encode(values, saturate=True)
        low, high = -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1
        return np.clip(np.rint(values), low, high).astype(np.int16)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return values, float64."""
        return lookup(self.name.upper()).decode(codes) if self.is_float else codes.astype(np.float64)


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
    """

    given: Sparse
    codes: np.ndarray
    units: np.ndarray | None
    axis: int
    format: Format

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
            return cls(matrix, format.encode(matrix.values / units[places]), units, axis, format)
        codes = format.encode(matrix.values)
        if quantize == "none":
            _only_exact(matrix.values, format.decode(codes), name, format)
        return cls(matrix, codes, None, axis, format)

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
        beyond = wanted > np.abs(values) + _half_step(self.format)
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


def encode_both(given: tuple[Any, Any], format: Format, options: EncodingOptions) -> list[Encoded]:
    """Encode A and B.

    Parameters
    ----------
    given : both, with their zeros or sparse
    format : of both
    options : see :class:`EncodingOptions`

    Raises
    ------
    RunError
        Values that are not of the format where they must be, or a unit for a format that needs none.
    """
    if options.quantize == "scaled" and format.name == "bf16":
        raise RunError(
            "--quantize scaled: bf16 has the range of FP32 and needs no unit; allowed are none, nearest"
        )
    return [
        Encoded.of(
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
    encoded: list[Encoded], format: Format, options: EncodingOptions, *, arrays_dense: bool
) -> dict[str, Any]:
    """Return the fields of a :class:`~dotforge_sim.run.conclusion.Conclusion` that follow from operands and options.

    Parameters
    ----------
    encoded : A and B
    format, options : they were encoded with
    arrays_dense : whether ``--save-quantized`` writes their zeros
    """
    return {
        "taken": (encoded[0].taken(), encoded[1].taken()),
        "taken_values": (encoded[0].nonzeros(), encoded[1].nonzeros()),
        "given_values": (encoded[0].given.values, encoded[1].given.values),
        "remedy": "smaller operands" if format.is_float else "a wider sum_format, or exact",
        "allow_overflow": options.allow_overflow,
        "quantization": {"kind": options.quantize},
        "arrays": encoded[0].arrays("a", dense=arrays_dense) | encoded[1].arrays("b", dense=arrays_dense),
    }


def sums_margin(format: Format, bits: int, terms: int, ends: tuple[float, float]) -> dict[str, Any]:
    """How far sums stay within their format: integers of a width, or FP32.

    Parameters
    ----------
    format : of the operands
    bits : of integer sums
    terms : most products in a sum
    ends : smallest and largest sum of this product, 0 included
    """
    if format.is_float:
        limit, peak = float(np.finfo(np.float32).max), max(-float(ends[0]), float(ends[1]))
        return {"limit": limit, "largest_sum": finite(peak), "bits": distance_in_bits(limit, peak)}
    most = 1 << 2 * (format.bits - 1)
    least = -(1 << format.bits - 1) * ((1 << format.bits - 1) - 1)
    return integer_margin(bits, (int(ends[0]), int(ends[1])), (terms * least, terms * most))


def in_units(sums: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return sums times two units; what only passes float64's range on the way is not lost.

    Parameters
    ----------
    sums : any shape, float64
    first, second : units of the two operands, of a shape that goes with that of ``sums``
    """
    found = sums * first * second
    return np.where(np.isfinite(found), found, sums * (first * second))


def _half_step(format: Format) -> float:
    """Return half of the distance between the two largest magnitudes."""
    if not format.is_float:
        return 0.5
    found = lookup(format.name.upper())
    return float(found.decode(np.array(found.largest)) - found.decode(np.array(found.largest - 1))) / 2


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
