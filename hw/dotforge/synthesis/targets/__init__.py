"""The targets of ``synth``: one module a kind."""

from pathlib import Path

from .base import HIERARCHIES, OPTIMIZATIONS, Settings, Target, TargetError, check
from .cmos import Cmos
from .fpga import FPGAS
from .liberty import from_path, nangate45

__all__ = [
    "HIERARCHIES",
    "OPTIMIZATIONS",
    "TARGETS",
    "Settings",
    "Target",
    "TargetError",
    "check",
    "is_target",
    "target",
]

#: Names of the targets; ``liberty:PATH`` is one more for every Liberty file.
TARGETS = ("cmos", *FPGAS, "nangate45")

_PATH = "liberty:"


def is_target(name: str) -> bool:
    """Tell whether a name is one of a target, whether or not its files are there."""
    return name in TARGETS or (name.startswith(_PATH) and len(name) > len(_PATH))


def target(name: str) -> Target:
    """Return a target.

    Raises
    ------
    TargetError
        There is no such target, or what it needs is not there.
    """
    if name in FPGAS:
        return FPGAS[name]
    if name == "cmos":
        return Cmos()
    if name == "nangate45":
        return nangate45()
    if is_target(name):
        return from_path(Path(name.removeprefix(_PATH)))
    raise TargetError(f"target {name}: allowed are {', '.join(TARGETS)}, {_PATH}PATH")
