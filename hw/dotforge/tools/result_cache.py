"""Results of synthesis on disk, shared by processes. It may be deleted, damaged or full: then work is repeated.

Beside the results it holds the latest report of every (Verilog, target), which datasheets print.
"""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import diskcache

from dotforge_sim.simulator.cache import root

__all__ = ["load", "remember", "reports", "store"]

#: Raised when what is stored changes, so that no version reads what another one wrote.
_LAYOUT = 2

_log = logging.getLogger(__name__)

_FAULTS = (OSError, sqlite3.Error, diskcache.Timeout, ValueError)


@contextlib.contextmanager
def _open() -> Iterator[diskcache.Cache | None]:
    try:
        cache = diskcache.Cache(str(Path(root()) / f"synthesis-{_LAYOUT}"), disk=diskcache.JSONDisk)
    except _FAULTS:
        yield None
        return
    with cache:
        yield cache


def load(key: str) -> dict[str, Any] | None:
    """Return what is stored under a key, ``None`` if nothing is or if it cannot be read."""
    with _open() as cache:
        if cache is not None:
            with contextlib.suppress(*_FAULTS):
                found = cast(dict[str, Any] | None, cache.get(key))
                _log.debug("cache of results: %s %.16s", "has not" if found is None else "has", key)
                return found
    return None


def store(key: str, value: dict[str, Any]) -> None:
    """Store a value; a full disk loses nothing but the time to measure again.

    Parameters
    ----------
    key : which names all that the value depends on
    value : of what JSON has
    """
    with _open() as cache:
        if cache is not None:
            with contextlib.suppress(*_FAULTS):
                cache.set(key, value)


def remember(report: dict[str, Any]) -> None:
    """Keep a report for the datasheets of its Verilog."""
    key = f"reports {report['verilog_sha256']}"
    choice = json.dumps([report["target"], report["options"].get("hierarchy")], allow_nan=False)
    with _open() as cache:
        if cache is not None:
            with contextlib.suppress(*_FAULTS), cache.transact():
                kept = cast(dict[str, Any], cache.get(key) or {})
                cache.set(key, {**kept, choice: report})


def reports(verilog_sha256: str) -> list[dict[str, Any]]:
    """Return the latest report of each target for a Verilog text."""
    kept = load(f"reports {verilog_sha256}") or {}
    return [kept[choice] for choice in sorted(kept)]
