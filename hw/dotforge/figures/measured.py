"""What a netlist costs, for figures: measured once, and kept on disk by the Verilog and by all that counts it.

The documentation's figures come with the netlists that they hold for (:func:`recorded`), so that a test can tell,
without measuring, whether they still do (:func:`replayed`).
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any

from ..export import comments
from ..pictures import markdown
from ..synthesis import area, hierarchy
from ..tools import result_cache, source, yosys

__all__ = ["Measured", "by_part", "cost", "engine_table", "kept", "recorded", "replayed", "write_texts"]

Measured = dict[str, Any]

_record: ContextVar[dict[str, Measured] | None] = ContextVar("record", default=None)
_replay: ContextVar[Mapping[str, Measured] | None] = ContextVar("replay", default=None)


@contextlib.contextmanager
def recorded() -> Iterator[dict[str, Measured]]:
    """Collect what is measured inside: sha256 of the Verilog and a hash of how it is measured → what was found."""
    found: dict[str, Measured] = {}
    token = _record.set(found)
    try:
        yield found
    finally:
        _record.reset(token)


@contextlib.contextmanager
def replayed(netlists: Mapping[str, Measured]) -> Iterator[None]:
    """Measure nothing inside, and give what was found before.

    Parameters
    ----------
    netlists : what :func:`recorded` collected; inside, a netlist that is not in it is a LookupError
    """
    token = _replay.set(netlists)
    try:
        yield
    finally:
        _replay.reset(token)


def kept(
    verilog: str,
    how: object,
    measure: Callable[[], Measured],
    *,
    code: Iterable[ModuleType | str] = (),
) -> Measured:
    """Return what ``measure`` gives, from disk where the same code has measured the same text before.

    Parameters
    ----------
    verilog : what is measured
    how : what else the result depends on: top module, flow, options; its ``repr`` counts
    measure : makes it; what it returns must be JSON
    code : modules that count, besides the area flow

    Raises
    ------
    LookupError
        Inside of :func:`replayed`, this netlist has not been measured so.
    """
    name = f"{comments.code_sha256(verilog)} {source.digest(area.FLOW, area.ABC_SCRIPT, how)}"
    replay = _replay.get()
    if replay is not None and name not in replay:
        raise LookupError(
            f"no figure holds for the Verilog of this code, sha256 {name[:16]}…: write them again"
        )
    found = replay[name] if replay is not None else _measured(verilog, how, measure, code)
    record = _record.get()
    if record is not None:
        record[name] = found
    return found


def _measured(
    verilog: str, how: object, measure: Callable[[], Measured], code: Iterable[ModuleType | str]
) -> Measured:
    counting = source.code(area, hierarchy, *code)
    flow = repr((area.FLOW, area.ABC_SCRIPT, counting, yosys.version(yosys.installed()), how))
    key = "figures " + hashlib.sha256(f"{flow} {comments.code(verilog)}".encode()).hexdigest()
    found = result_cache.load(key)
    if found is None:
        found = measure()
        result_cache.store(key, found)
    return found


def cost(verilog: str, top: str, *, summed: bool = False, timeout: float = 7200) -> Measured:
    """Return ``transistors``, ``registers`` and ``memory_bits`` of a netlist.

    Parameters
    ----------
    verilog, top : the text, and the name of the module
    summed : every distinct module once, added up over its instances, instead of one flat netlist
    timeout : seconds
    """

    def measure() -> Measured:
        found = (
            hierarchy.measure(verilog, top, timeout=timeout).total
            if summed
            else area.synthesize(verilog, top, timeout=timeout)
        )
        return {
            "transistors": found.transistors,
            "registers": found.registers,
            "memory_bits": found.memory_bits,
        }

    return kept(verilog, ("cost", top, summed), measure)


def by_part(verilog: str, top: str, parts: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """Return transistors by part, as a sum over modules.

    Parameters
    ----------
    verilog, top : the text, and the name of the module
    parts : part → names of its modules, without the top's name before them; ``""`` is the top itself

    Raises
    ------
    LookupError
        A module is of no part.
    """
    part_of = {module: part for part, modules in parts.items() for module in modules}

    def measure() -> Measured:
        found = dict.fromkeys(parts, 0)
        for module in hierarchy.measure(verilog, top).modules:
            kind = module.name.removeprefix(top).removeprefix("_")
            if kind not in part_of:
                raise LookupError(f"module {module.name} is of no part: {', '.join(parts)}")
            found[part_of[kind]] += module.own.transistors * module.instances
        return found

    return kept(verilog, ("by part", top, parts), measure)


def engine_table(rows: Sequence[Measured]) -> list[str]:
    """Return the lines of a table of engines: rows of ``choice``, ``transistors``, ``registers`` and ``lanes``."""
    return markdown.table(
        ["parameters", "transistors", "flip-flops", "transistors a MAC"],
        [
            [
                row["choice"],
                f"{row['transistors']:,}",
                f"{row['registers']:,}",
                f"{row['transistors'] / row['lanes']:.1f}",
            ]
            for row in rows
        ],
    )


def write_texts(directory: Path, name: str, texts: dict[str, str]) -> list[Path]:
    """Write ``name.suffix`` for each suffix of ``texts`` into a directory, which is made; return the paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{name}.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
