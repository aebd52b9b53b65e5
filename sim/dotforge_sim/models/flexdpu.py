"""What jobs take on a Flex-DPU: to the cycle from bitmaps, or estimated from shape and densities."""

from collections.abc import Sequence
from typing import Any

from .flexdpe_plan import Plan
from .flexdpu_cycles import Taken, count_jobs
from .flexdpu_job import Setup, job_of

__all__ = ["exact"]


def exact(
    parameters: dict[str, Any],
    jobs: Sequence[tuple[Plan, tuple[int, int, int]]],
    *,
    given_regor: bool = False,
    phase: int = 0,
) -> list[Taken]:
    """Return the cycles that jobs take on the RTL, when streams never wait on their neighbours.

    Parameters
    ----------
    parameters : of the engine
    jobs : operands, whose lanes are those of the group, and slot, first Flex-DPE and number of them; those of a slot
        run in order
    given_regor : REGOR comes as one word instead of all bitmaps
    phase : cycles since the reset, in the first one (what limited bandwidth depends on)
    """
    setup = Setup.of(parameters)
    shapes = [job_of(plan, place, setup, given_regor=given_regor) for plan, place in jobs]
    return count_jobs(setup, shapes, phase)
