"""What a netlist costs, for figures: measured once, and kept on disk by the Verilog and by all that counts it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..pictures import markdown
from ..synthesis import area, hierarchy
from ..tools import result_cache, source, yosys

__all__ = ["Measured", "by_part", "cost", "engine_table", "kept", "write_texts"]

Measured = dict[str, Any]


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
    """
    counting = source.code(area, hierarchy, *code)
    flow = repr((area.FLOW, area.ABC_SCRIPT, counting, yosys.version(yosys.installed()), how))
    key = "figures " + hashlib.sha256(f"{flow} {verilog}".encode()).hexdigest()
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
    """Write ``name.suffix`` for each suffix of ``texts`` into a directory, which is made; return the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{name}.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
