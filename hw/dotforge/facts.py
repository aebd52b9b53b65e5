"""What an engine says of a configuration beyond its streams, for manifest and datasheet.

An engine declares them (``facts`` of its entry) for the parameters at hand: what holds for others only is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

__all__ = [
    "Choice",
    "Facts",
    "Interval",
    "PortFact",
    "Rule",
    "Software",
    "choices",
    "multipliers",
    "no_facts",
]

_Member = TypeVar("_Member", bound=IntEnum)


@dataclass(frozen=True)
class Choice:
    """A value of an enumeration: what a port reads, what it is called, and what it means."""

    value: int
    name: str
    meaning: str


@dataclass(frozen=True)
class PortFact:
    """A port beside clock, reset and streams.

    Parameters
    ----------
    meaning : one line
    choices : what its values stand for, where they are an enumeration
    """

    meaning: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Interval:
    """Cycles between two events, without pauses of any neighbour.

    Parameters
    ----------
    name : in snake case
    cycles : from the first event to the second; 1 is the next cycle
    start, end : the events
    condition : for what input the figure holds, if not for all
    """

    name: str
    cycles: int
    start: str
    end: str
    condition: str = ""


@dataclass(frozen=True)
class Rule:
    """Something that a host has to know: a topic of a word or two, and a sentence or more."""

    topic: str
    text: str


@dataclass(frozen=True)
class Software:
    """What software that drives an engine with registers is given.

    Parameters
    ----------
    source : of the register map, SystemRDL; its table is beside it
    parameters : of the map
    slots : of its array
    usage : Markdown for the datasheet, a template with ``top`` and ``TOP``
    files : that are delivered as they are
    """

    source: Path
    parameters: Mapping[str, int]
    slots: int
    usage: Path
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Facts:
    """All of them.

    Parameters
    ----------
    function : what the engine does, a paragraph each, in Markdown
    choice : why parameters that were not given are what they are, a paragraph; the last one of ``function`` in a
        manifest
    rules : of its streams, beyond what a beat is
    intervals : beside latency and initiation interval
    ports : name → port beside clock, reset and streams
    resolved : parameter → value that one such as ``auto`` stands for here
    idle : parameters without effect beside these others
    software : for who drives it by registers; ``None`` where there are none
    """

    function: tuple[str, ...] = ()
    choice: str = ""
    rules: tuple[Rule, ...] = ()
    intervals: tuple[Interval, ...] = ()
    ports: Mapping[str, PortFact] = field(default_factory=dict)
    resolved: Mapping[str, Any] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    software: Software | None = None


def no_facts(config: Any) -> Facts:
    """Return nothing: of an engine that tells nothing more."""
    return Facts()


def choices(meanings: Mapping[_Member, str]) -> tuple[Choice, ...]:
    """Return the values of an enumeration with what each means."""
    return tuple(Choice(int(member), member.name.lower(), text) for member, text in meanings.items())


def multipliers(parameters: Mapping[str, Any]) -> int | None:
    """Return products a cycle of an engine with these parameters, ``None`` for one that makes none."""
    sizes = ("rows", "columns") if "rows" in parameters else ("lanes", "engines")
    counts = [parameters.get(name, 1 if name == "engines" else None) for name in sizes]
    if not all(type(count) is int for count in counts):
        return None
    return counts[0] * counts[1]
