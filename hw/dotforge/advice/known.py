"""Products by golden that were reckoned before: kept on disk by all that they depend on, for the program alone."""

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np

from dotforge_sim.run.expected import Expected
from dotforge_sim.run.operands import Stored

from ..export import stored
from ..registry import is_ours
from ..tools import result_cache
from .candidates import Candidate

__all__ = ["Reckoned", "key", "load", "store"]

#: What golden gave, or why it gave nothing.
Reckoned = Expected | str


def key(operands: tuple[Any, Any], candidate: Candidate, manifest: dict[str, Any]) -> str | None:
    """Return what names a product, ``None`` where none is kept: of engines of others, and beside tests.

    Parameters
    ----------
    operands : A and B
    candidate : with its options
    manifest : of its engine
    """
    if not stored.in_use() or not is_ours(candidate.engine):
        return None
    parts = (
        *(_digest(each) for each in operands),
        candidate.engine,
        sorted(candidate.options.items()),
        sorted(manifest["parameters"].items()),
        manifest["verilog_sha256"],
        stored.source_digest("dotforge", "dotforge_golden", "dotforge_sim"),
        np.__version__,
    )
    return f"advise {hashlib.sha256(repr(parts).encode()).hexdigest()}"


def load(name: str | None) -> Reckoned | None:
    """Return what is kept under a name, ``None`` where nothing is.

    Parameters
    ----------
    name : of :func:`key`
    """
    found = None if name is None else result_cache.load(name)
    if found is None:
        return None
    if "reason" in found:
        return str(found["reason"])
    pairs = {each: tuple(found[each]) for each in ("bits", "formats")}
    return Expected(**{**found, **pairs})


def store(name: str | None, reckoned: Reckoned) -> None:
    """Keep a product.

    Parameters
    ----------
    name : of :func:`key`
    reckoned : that golden gave
    """
    if name is not None:
        result_cache.store(name, {"reason": reckoned} if isinstance(reckoned, str) else asdict(reckoned))


def _digest(matrix: Any) -> str:
    found = hashlib.sha256()
    if isinstance(matrix, Stored):
        for name, value in sorted(vars(matrix).items()):
            found.update(name.encode())
            found.update(_bytes(value) if isinstance(value, np.ndarray) else repr(value).encode())
    else:
        found.update(_bytes(matrix))
    return found.hexdigest()


def _bytes(array: np.ndarray) -> bytes:
    return f"{array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes()
