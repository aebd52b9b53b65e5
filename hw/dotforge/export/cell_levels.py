"""Levels of cells' outputs where not all inputs are known: a bit is told as soon as those that are known decide it."""

from collections.abc import Callable, Iterable
from typing import Any

from .netlist import Bit, Cell

__all__ = ["Level", "bit_level"]

#: 0, 1, or not known.
Level = int | None

_Known = Callable[[Bit], Level]

_PARITIES = {"$xor": 0, "$pos": 0, "$not": 1, "$xnor": 1}
#: Cells that join all bits of ``A``, and by what.
_JOINS = {"$logic_and": "$and", "$logic_or": "$or"}
_REDUCTIONS = {"$reduce_and": "$and", "$reduce_or": "$or", "$reduce_bool": "$or", "$logic_not": "$or"}
_TRUTHS: dict[str, Callable[..., bool]] = {
    "$eq": int.__eq__, "$ne": int.__ne__, "$lt": int.__lt__, "$le": int.__le__, "$gt": int.__gt__,
    "$ge": int.__ge__, "$reduce_xor": lambda a: bool(a.bit_count() & 1),
}  # fmt: skip
_NUMBERS: dict[str, Callable[..., int]] = {"$add": int.__add__, "$sub": int.__sub__, "$neg": int.__neg__}


def bit_level(cell: Cell, place: int, known: _Known) -> Level:
    """Return the level of a bit of a primitive's output.

    Parameters
    ----------
    cell : without a clock; nothing is known of the output of a type that is not listed here
    place : of the bit in the output
    known : level of a bit of its inputs; asked only for those that matter
    """
    kind = cell.type
    if kind in ("$and", "$or"):
        return _decided(kind, (known(_extended(cell, name, place)) for name in ("A", "B")))
    if kind in _PARITIES:
        return _parity([_PARITIES[kind], *(known(_extended(cell, name, place)) for name in _words(cell))])
    if kind == "$mux":
        return _chosen(cell, place, known)
    if kind in _JOINS and not place:
        truths = (_decided("$or", map(known, cell.connections[name])) for name in _words(cell))
        return _decided(_JOINS[kind], truths)
    if kind in _REDUCTIONS and not place:
        found = _decided(_REDUCTIONS[kind], map(known, cell.connections["A"]))
        return _parity([1, found]) if kind == "$logic_not" else found
    return _computed(cell, place, known)


def _words(cell: Cell) -> list[str]:
    return [name for name in ("A", "B") if name in cell.connections]


def _decided(kind: str, levels: Iterable[Level]) -> Level:
    """Return the AND or the OR of levels, which one of them may decide."""
    decides = 0 if kind == "$and" else 1
    sure = True
    for level in levels:
        if level == decides:
            return decides
        sure = sure and level is not None
    return 1 - decides if sure else None


def _parity(levels: list[Level]) -> Level:
    known = [level for level in levels if level is not None]
    return sum(known) & 1 if len(known) == len(levels) else None


def _chosen(cell: Cell, place: int, known: _Known) -> Level:
    low, high = (cell.connections[name][place] for name in ("A", "B"))
    choice = known(cell.connections["S"][0])
    if choice is not None:
        return known(high if choice else low)
    found = known(low)
    return found if found == known(high) else None


def _computed(cell: Cell, place: int, known: _Known) -> Level:
    numbers: list[Any] = [
        _number(cell, name, [known(bit) for bit in cell.connections[name]]) for name in _words(cell)
    ]
    if None in numbers:
        return None
    if cell.type in _TRUTHS:
        return int(_TRUTHS[cell.type](*numbers)) >> place & 1
    return _NUMBERS[cell.type](*numbers) >> place & 1 if cell.type in _NUMBERS else None


def _extended(cell: Cell, name: str, place: int) -> Bit:
    word = cell.connections[name]
    if place < len(word):
        return word[place]
    return word[-1] if cell.parameters.get(f"{name}_SIGNED") else "0"


def _number(cell: Cell, name: str, word: list[Level]) -> int | None:
    if None in word:
        return None
    value = sum(1 << place for place, level in enumerate(word) if level)
    signed = cell.parameters.get(f"{name}_SIGNED") and cell.type != "$reduce_xor"
    return value - (1 << len(word)) if signed and word[-1] else value
