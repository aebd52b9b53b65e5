"""Maps a function over items in processes that have all that this one has, for what cannot be sent to another.

An elaborated design is such a thing: millions of objects, and functions among them. A forked process shares its
memory, and only what the function returns has to come back.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

__all__ = ["forked_map", "workers"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_work: tuple[Callable[[Any], Any], Sequence[Any]]


def workers() -> int:
    """Return how many processes are worth while: one where forking is not safe, else one a core.

    A process with several threads must not fork: a lock that another thread holds would be held for ever. Nor
    may a daemon of :mod:`multiprocessing` have children.
    """
    forks = sys.platform == "linux" and threading.active_count() == 1
    if not forks or multiprocessing.current_process().daemon:
        return 1
    return len(os.sched_getaffinity(0))


def forked_map(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int | None = None
) -> list[Result]:
    """Return ``[function(item) for item in items]``; results and exceptions are sent, so must be picklable.

    Parameters
    ----------
    function, items : what is called, and with what
    processes : how many there are at most; by default :func:`workers`
    """
    processes = min(processes or workers(), len(items))
    if processes > 1:
        context = multiprocessing.get_context("fork")
        try:
            with ProcessPoolExecutor(processes, context, _take, (function, items)) as pool:
                return list(pool.map(_call, range(len(items))))
        except BrokenProcessPool:
            pass  # killed, for example where memory is short: then one after the other
    return [function(item) for item in items]


def _take(function: Callable[[Any], Any], items: Sequence[Any]) -> None:
    """Keep the work in a process that is new: what it is given as it forks is not sent."""
    global _work  # noqa: PLW0603
    _work = function, items


def _call(index: int) -> Any:
    function, items = _work
    return function(items[index])
