"""The targets of ``synth``: one module a kind."""

from pathlib import Path

from ..choices import HIERARCHIES, LIBERTY, OPTIMIZATIONS, TARGETS, is_target
from .base import Settings, Target, TargetError, check
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

assert set(TARGETS) == {"cmos", *FPGAS, "nangate45"}, (
    "a target has its name in dotforge.synthesis.choices too"
)


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
        return from_path(Path(name.removeprefix(LIBERTY)))
    raise TargetError(f"target {name}: allowed are {', '.join(TARGETS)}, {LIBERTY}PATH")
