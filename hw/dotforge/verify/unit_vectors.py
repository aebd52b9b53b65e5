"""Vectors of others through an arithmetic unit: operands and the result that somebody else says is right.

A line is a vector: its operands and its result in hexadecimal, apart by white space; a further column, as of the
exception flags that Berkeley TestFloat's ``testfloat_gen`` writes, is passed over. Empty lines are, and what follows
``#``. Numbers are the bits of their formats, integers in two's complement.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dotforge_sim.simulator.cosim import evaluate

from ..export.verilog import convert
from ..formats.table import FloatFormat
from ..tools.files import OutputError, read_text
from .units import Unit

__all__ = ["Difference", "Vectors", "differences", "read_vectors"]


@dataclass(frozen=True)
class Vectors:
    """Operands, a column a port, and results, as bits; ``lines`` are their numbers in the file."""

    operands: tuple[np.ndarray, ...]
    results: np.ndarray
    lines: np.ndarray


@dataclass(frozen=True)
class Difference:
    """A vector whose result is another one: where it is, its operands, what was found and what was wanted."""

    line: int
    operands: tuple[int, ...]
    found: int
    wanted: int


def read_vectors(path: Path, unit: Unit) -> Vectors:
    """Read vectors of a unit.

    Parameters
    ----------
    path : of the file
    unit : whose operands and results they are

    Raises
    ------
    OutputError
        The file cannot be read, holds no vector, or a line is none of this unit.
    """
    formats = (*unit.operands, unit.result)
    rows: list[list[int]] = []
    lines = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) not in (len(formats), len(formats) + 1):
            raise OutputError(
                f"{path}, line {number}: {len(words)} numbers; {unit.name} has {len(unit.operands)} operands and a "
                "result, and flags may follow"
            )
        row = []
        for word, format in zip(words, formats, strict=False):
            value = _hexadecimal(word)
            if value is None or value >> format.width:
                raise OutputError(
                    f"{path}, line {number}: {word!r} is no hexadecimal number of {format.width} bits"
                )
            row.append(value)
        rows.append(row)
        lines.append(number)
    if not rows:
        raise OutputError(f"{path} holds no vector")
    columns = np.array(rows, np.uint64).T
    return Vectors(tuple(columns[:-1]), columns[-1], np.array(lines))


def _hexadecimal(word: str) -> int | None:
    digits = word.lower().removeprefix("0x")
    return int(digits, 16) if digits and all(digit in "0123456789abcdef" for digit in digits) else None


def differences(unit: Unit, vectors: Vectors, *, exact_nan: bool = False) -> list[Difference]:
    """Run vectors through the unit's Verilog; return those whose result is another one, in order.

    Parameters
    ----------
    unit : what is asked
    vectors : for it
    exact_nan : compare the bits of NaN, too; otherwise every NaN is as good, since IEEE 754 leaves its bits open

    Raises
    ------
    ToolMissing, SimulatorError
        There is no simulator.
    """
    design = convert(unit.block())
    inputs = dict(zip(unit.ports, vectors.operands, strict=True))
    found = evaluate(design.verilog, design.top, design.ports, inputs)["o"].astype(np.uint64)
    wrong = found != vectors.results
    if isinstance(unit.result, FloatFormat) and not exact_nan:
        wrong &= ~(_is_nan(unit.result, found) & _is_nan(unit.result, vectors.results))
    return [
        Difference(
            int(vectors.lines[row]),
            tuple(int(column[row]) for column in vectors.operands),
            int(found[row]),
            int(vectors.results[row]),
        )
        for row in np.flatnonzero(wrong)
    ]


def _is_nan(format: FloatFormat, bits: np.ndarray) -> np.ndarray:
    magnitude = bits & np.uint64(format.sign_bit - 1)
    if not format.has_nan:
        return np.zeros(len(bits), bool)
    if format.has_infinity:
        return magnitude > np.uint64(format.infinity)
    return magnitude == np.uint64(format.sign_bit - 1)
