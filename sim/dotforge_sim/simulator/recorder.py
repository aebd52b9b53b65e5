"""Keeps what went into a design and what came out of it, for whoever asks, whatever runs the design.

::

    with recorded() as runs:
        module.run(design, a, b, options, progress)
    runs[0].inputs["weights"].data, runs[0].outputs.accepted["weights"]
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .streams import Beats, Outputs

__all__ = ["Recorded", "keep", "recorded"]


@dataclass(frozen=True)
class Recorded:
    """One run of a simulator, from a reset on.

    Attributes
    ----------
    manifest : of the design
    inputs : input stream → its beats; streams that are joined in one are by themselves
    outputs : what came, and in which cycles
    """

    manifest: Mapping[str, Any]
    inputs: Mapping[str, "Beats"]
    outputs: "Outputs"


_runs: ContextVar[list[Recorded] | None] = ContextVar("runs", default=None)


@contextmanager
def recorded() -> Iterator[list[Recorded]]:
    """Give a list that every run of a simulator inside of the block is added to, in order."""
    runs: list[Recorded] = []
    token = _runs.set(runs)
    try:
        yield runs
    finally:
        _runs.reset(token)


def keep(run: Recorded) -> None:
    """Add a run to the list of who asked for it.

    Parameters
    ----------
    run : that succeeded
    """
    runs = _runs.get()
    if runs is not None:
        runs.append(run)
