"""Random configurations of engines, as Hypothesis strategies over their parameters.

Every parameter is at its default now and then; integers are small ones otherwise, so that a design is built in seconds.
``SOAK`` in ``tests/ENGINE/configurations.py`` says what is drawn instead: a range as a tuple, or a list of values.
"""

from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from ..parameters import ParameterError, describe
from ..registry import configure, engine
from .subjects import engine_module

__all__ = ["parameters", "settled"]

#: How far above the least value an integer is drawn.
_SPAN = 8


def parameters(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of parameters that the engine takes, those at their defaults left out.

    Parameters
    ----------
    name : of the engine
    """
    own = getattr(engine_module(name), "SOAK", {})
    fields = {}
    for row in describe(engine(name).config):
        values = _values(row, own.get(row["name"]))
        if values is not None:
            fields[row["name"]] = st.one_of(st.just(row["default"]), values)
    defaults = {row["name"]: row["default"] for row in describe(engine(name).config)}
    drawn = st.fixed_dictionaries(fields).map(
        lambda found: {key: value for key, value in found.items() if value != defaults[key]}
    )
    return drawn.map(lambda found: settled(name, found))


def settled(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return parameters that the engine takes: those that it refuses with the ones before them are left out.

    Parameters
    ----------
    name : of the engine
    found : name → value
    """
    kept: dict[str, Any] = {}
    size = 0
    # Some go only with others: those of two, and those with what is kept already, are found.
    while True:
        for chosen in (*combinations(found, 1), *combinations(found, 2)):
            more = {key: found[key] for key in chosen if key not in kept}
            if more and _takes(name, {**kept, **more}):
                kept |= more
        if len(kept) == size:
            return kept
        size = len(kept)


def _takes(name: str, given: dict[str, Any]) -> bool:
    try:
        configure(name, given)
    except ParameterError:
        return False
    return True


def _values(row: dict[str, Any], own: Any) -> st.SearchStrategy[Any] | None:
    if isinstance(own, tuple):
        return st.integers(*own)
    if own is not None:
        return st.sampled_from(own)
    if row["type"] == "boolean":
        return st.booleans()
    if row["type"] == "integer":
        low, high = map(int, row["allowed"].removeprefix("auto, ").split("…"))
        return st.integers(low, min(high, low + _SPAN))
    values: list[Any] = []
    for value in map(str.strip, str(row["allowed"]).split(",")):
        low, dots, high = value.partition("…")
        if dots and low.isdecimal() and high.isdecimal():
            values += range(int(low), min(int(high), int(low) + _SPAN) + 1)
        elif value and ":" not in value and not dots:  # patterns of names are for SOAK to say
            values.append(value)
    return st.sampled_from(values) if values else None
