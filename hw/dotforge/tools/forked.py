"""Maps a function over items in processes that have all that this one has, for what cannot be sent to another.

An elaborated design is such a thing: millions of objects, and functions among them. A forked process shares its
memory, and only what the function returns has to come back.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from dotforge_sim.simulator.processes import SIGNALS, follow_parent

__all__ = ["forked_map", "workers"]

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    """Return ``[function(item) for item in items]``; results are sent, so they must be picklable.

    Parameters
    ----------
    function, items : what is called, and with what; the order of the calls is not that of the items
    processes : how many there are at most; by default :func:`workers`
    """
    processes = min(processes or workers(), len(items))
    results = _in_processes(function, items, processes) if processes > 1 else {}
    # What failed there, or was killed, is done again here, where its error can be seen.
    return [results[index] if index in results else function(item) for index, item in enumerate(items)]


def _in_processes(function: Callable[[Any], Any], items: Sequence[Any], count: int) -> dict[int, Any]:
    """Return index → result of all items that a process did."""
    context = multiprocessing.get_context("fork")
    taken = context.Value("i", 0)  # the items before this one are somebody's
    results: dict[int, Any] = {}
    busy: dict[Connection, Any] = {}
    children = []
    # An interrupt is for this process, and comes when it knows all others; they keep what is blocked here.
    allowed = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        for _ in range(count):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(function, items, taken, there), daemon=True)
            process.start()
            there.close()  # so that the other end is closed as soon as the process is no more
            children.append(process)
            busy[here] = process
        signal.pthread_sigmask(signal.SIG_SETMASK, allowed)
        while busy:
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                try:
                    index, result = connection.recv()
                    results[index] = result
                except EOFError:
                    ended = busy.pop(connection)
                    ended.join()
                    if ended.exitcode:  # killed, perhaps as it took an item: then nobody else could take one
                        return results
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, allowed)
        for process in children:
            process.kill()
            process.join()
    return results


def _work(function: Callable[[Any], Any], items: Sequence[Any], taken: Any, answers: Connection) -> None:
    """Do one item after the other until none is left, or the parent is no more."""
    if (parent := multiprocessing.parent_process()) is not None and parent.pid is not None:
        follow_parent(parent.pid)
    with contextlib.suppress(Exception):
        while True:
            with taken.get_lock():
                index = taken.value
                taken.value += 1
            if index >= len(items):
                return
            answers.send((index, function(items[index])))
