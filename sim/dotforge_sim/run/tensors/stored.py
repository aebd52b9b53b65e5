"""Operands that are quantised already: codes, scales and units, which engines take as they are.

``dotforge run --save-quantized FILE.npz`` writes them, with an array ``about`` (JSON text) that says what they are: of
each operand the kind of format, its name, the dimension along which blocks lie, and the rule that made them.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dotforge_golden.formats import FORMATS
from dotforge_golden.levels import Levels, Scaled, exponents, integers, logarithms
from dotforge_golden.log_number import log_number
from dotforge_golden.logmac import weight_code
from dotforge_golden.mx import ELEMENTS, Blocks
from dotforge_golden.quantise import Quantised

from ..errors import RunError
from .numpy_files import Archive
from .place import Step, check

__all__ = ["ABOUT", "Stored", "about", "levels_of", "restore", "wanted_format"]

#: Array of a saved file that says what the others are.
ABOUT = "about"

#: What kinds of operands there are, and who takes them.
KINDS = {
    "blocks": "mxdot",
    "vectors": "vsquant",
    "words": "flexdpe and systolic",
    "levels": "logmac",
}


@dataclass(frozen=True)
class Stored:
    """A matrix that is quantised already.

    Attributes
    ----------
    kind : key of :data:`KINDS`
    format : ``mxfp4``, ``int4``, ``bf16``, ``log:2:2``, …; of vectors, of an element
    elements : codes, (rows, K): rows of A, or columns of B
    scales : codes, (rows, blocks), ``None`` of words and levels
    units : (rows,)
    block : elements that share a scale, 1 where they share none
    along : dimension of the matrix along which K lies: 1 of A, 0 of B
    scale_bits : of vectors
    rule : what made it, as far as that is known
    """

    kind: str
    format: str
    elements: np.ndarray
    scales: np.ndarray | None
    units: np.ndarray
    block: int
    along: int
    scale_bits: int | None = None
    rule: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        rows, k = self.elements.shape
        return (rows, k) if self.along == 1 else (k, rows)

    @property
    def T(self) -> "Stored":
        """The transposed matrix: of the same codes."""
        return replace(self, along=1 - self.along)

    def values(self) -> np.ndarray:
        """Return the matrix that this stands for, float64, in its own orientation."""
        if self.kind == "blocks":
            assert self.scales is not None
            found = self.blocks().values()
        elif self.kind == "vectors":
            found = self.vectors().values()
        elif self.kind == "levels":
            found = Scaled(self.elements, self.units, levels_of(self.format)).values()
        else:
            decoded = (
                self.elements.astype(np.float64)
                if self.format.startswith("int")
                else FORMATS[self.format.upper()].decode(self.elements)
            )
            found = decoded * self.units[:, None]
        return found if self.along == 1 else np.ascontiguousarray(found.T)

    def blocks(self) -> Blocks:
        """Return it as golden's block formats take it, K in the second dimension."""
        assert self.scales is not None
        return Blocks(self.elements, self.scales, self.units, self.format)

    def vectors(self) -> Quantised:
        """Return it as golden's vectors take it, K in the second dimension."""
        assert self.scales is not None
        return Quantised(
            self.elements.astype(np.int64),
            self.scales.astype(np.int64),
            self.units.astype(np.float64),
            self.block,
        )

    def part(self, steps: tuple[Step, ...], operand: str, text: str) -> "Stored":
        """Return what steps leave of it; along K a part begins and ends with blocks.

        Parameters
        ----------
        steps : see :mod:`.place`
        operand, text : for messages

        Raises
        ------
        RunError
            A part of a block, or what :func:`.place.check` refuses.
        """
        found = self
        for step in steps:
            if step is None:
                found = found.T
                continue
            ranges = check(step, found.shape, operand, text)
            if any(isinstance(each, int) for each in step):
                raise RunError(
                    f"{operand}: {text}: of quantised operands ranges are allowed, no single indices"
                )
            k, rows = ranges[found.along], ranges[1 - found.along]
            width = found.elements.shape[1]
            if k.start % found.block or (k.stop % found.block and k.stop != width):
                raise RunError(
                    f"{operand}: {text}: {k.start}:{k.stop} cuts blocks of {found.block}, allowed are multiples of it"
                )
            blocks = slice(k.start // found.block, -(-k.stop // found.block))
            found = replace(
                found,
                elements=found.elements[rows, k],
                scales=None if found.scales is None else found.scales[rows, blocks],
                units=found.units[rows],
            )
        return found


def levels_of(name: str) -> Levels:
    """Return the numbers of a code of the log-weight MAC: ``intN``, ``log:X:Y`` or of exponents.

    Parameters
    ----------
    name : as parameters and files have it
    """
    if name.startswith("int"):
        return integers(int(name[3:]))
    if name.startswith("log:"):
        return logarithms(log_number(name), name)
    return exponents(weight_code(name), name)


def about(engine: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the array that says what the others of a saved file are.

    Parameters
    ----------
    engine : that took the operands
    a, b : ``kind``, ``format``, ``block``, ``rule`` and ``scale_bits`` of each
    """
    told = {
        "written_by": "dotforge run --save-quantized",
        "engine": engine,
        "a": {**a, "orientation": "M×K", "along": 1},
        "b": {**b, "orientation": "K×N", "along": 0},
    }
    return {ABOUT: np.array(json.dumps(told, ensure_ascii=False, allow_nan=False))}


def restore(archive: Archive, side: str, operand: str) -> Stored:
    """Return an operand of a saved file.

    Parameters
    ----------
    archive : that has an array ``about``
    side : ``a`` or ``b``
    operand : for messages

    Raises
    ------
    RunError
        Arrays are missing, or do not fit each other or the format.
    """

    def refuse(why: str) -> RunError:
        return RunError(f"{operand}: {archive.path}:{side} is no quantised operand ({why})")

    try:
        told = json.loads(str(archive.array(ABOUT)[()]))[side]
        kind, format, along = told["kind"], told["format"], told["along"]
        block, scale_bits, rule = told.get("block", 1), told.get("scale_bits"), told.get("rule", {})
    except (ValueError, KeyError, TypeError, IndexError):
        raise refuse("about does not say what it is") from None
    if kind not in KINDS or along not in (0, 1) or type(block) is not int or block < 1:
        raise refuse("about does not say what it is")
    names = archive.names
    if f"{side}_shape" in names:
        elements = _placed(archive, side, refuse)
    elif f"{side}_elements" in names:
        elements = archive.array(f"{side}_elements")
    else:
        raise refuse(f"{side}_elements is missing")
    units = archive.array(f"{side}_units") if f"{side}_units" in names else None
    scales = archive.array(f"{side}_scales") if f"{side}_scales" in names else None
    if elements.ndim != 2 or elements.dtype.kind not in "iu" or units is None or units.dtype.kind != "f":
        raise refuse("elements are integers in two dimensions, units real numbers")
    if along == 0:
        elements, scales = elements.T, None if scales is None else scales.T
    made = Stored(kind, format, np.ascontiguousarray(elements), scales, units, block, along, scale_bits, rule)
    problem = fault(made)
    if problem:
        raise refuse(problem)
    return made


def fault(stored: Stored) -> str:
    """Return in words what does not fit in a quantised operand, nothing where all does."""
    rows, k = stored.elements.shape
    if stored.units.shape != (rows,) or not np.isfinite(stored.units).all():
        return f"{rows} finite units are wanted"
    needs = stored.kind in ("blocks", "vectors")
    if needs:
        scales = stored.scales
        if scales is None or scales.shape != (rows, -(-k // stored.block)) or scales.dtype.kind not in "iu":
            return f"scales of {rows}×{-(-k // stored.block)} are wanted"
    try:
        low, high = _range(stored)
    except (KeyError, ValueError):
        return f"its format is {str(stored.format)[:40]}"
    if stored.elements.size and not low <= int(stored.elements.min()) <= int(stored.elements.max()) <= high:
        return f"elements of {stored.format} are {low}…{high}"
    if stored.kind == "blocks" and ELEMENTS[stored.format].block != stored.block:
        return f"blocks of {stored.format} have {ELEMENTS[stored.format].block} elements"
    return ""


def _range(stored: Stored) -> tuple[int, int]:
    if stored.kind == "blocks":
        return 0, (1 << ELEMENTS[stored.format].bits) - 1
    if stored.kind == "levels":
        words = levels_of(stored.format).words
        return int(words.min()), int(words.max())
    if stored.format.startswith("int"):
        top = 1 << int(stored.format[3:]) - 1
        return -top, top - 1
    return 0, (1 << FORMATS[stored.format.upper()].width) - 1


def _placed(archive: Archive, side: str, refuse: Any) -> np.ndarray:
    """Return the codes of a sparse operand with zeros."""
    shape = tuple(int(each) for each in archive.array(f"{side}_shape").ravel())
    codes = archive.array(f"{side}_elements")
    rows, columns = (archive.array(f"{side}_{each}") for each in ("rows", "columns"))
    if (
        len(shape) != 2
        or not 0 < shape[0] * shape[1] <= 1 << 28
        or not len(codes) == len(rows) == len(columns)
    ):
        raise refuse("its places do not fit its shape")
    if len(rows) and not (
        rows.min() >= 0 and rows.max() < shape[0] and columns.min() >= 0 and columns.max() < shape[1]
    ):
        raise refuse("its places do not fit its shape")
    found = np.zeros(shape, codes.dtype)
    found[rows, columns] = codes
    return found


def wanted_format(stored: Stored, operand: str, engine: str, kind: str, format: str) -> Stored:
    """Return an operand that an engine can take.

    Parameters
    ----------
    stored : the operand
    operand : ``A`` or ``B``
    engine : its name
    kind, format : what it takes

    Raises
    ------
    RunError
        It is of another format, or its blocks do not lie along K.
    """
    if (stored.kind, stored.format) != (kind, format):
        raise RunError(
            f"{operand} is quantised already, as {stored.format} ({stored.kind}: {KINDS[stored.kind]}), and {engine} "
            f"takes {format} here; codes are not converted"
        )
    along = 1 if operand == "A" else 0
    if stored.along != along:
        raise RunError(
            f"{operand} is {stored.shape[0]}×{stored.shape[1]} with blocks along dimension {stored.along}, and K is "
            f"dimension {along}: .T turns it"
        )
    return stored
