"""Builds simulators: Verilog → Verilator → C++ → an executable in the cache.

What repeats in a design is taken out of it first (:mod:`dotforge_sim.simulator.units`), and compiled once for all
designs that hold it.
"""

import os
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import cache, toolchain
from .compilation import RUNTIME, Compilation, NoVerdict, SimulatorError, execute
from .units import Unit, without_units

__all__ = ["NoVerdict", "SimulatorError", "Sources", "build", "execute"]


@dataclass(frozen=True)
class Sources:
    """What a simulator is built from.

    Attributes
    ----------
    verilog : the text
    top : name of the top module; its C++ class is ``Vtop``
    main : C++ text with ``main``; ``Vtop.h`` and the standard headers above are included already
    control : text of a Verilator configuration file (``.vlt``), may be empty
    options : more options of Verilator
    defines : macros for all C++ (``NAME`` → value), over Verilator's own defaults
    link : more options for linking
    optimize : level of the C++ compiler
    whole : all signals stay where they are: for who looks inside
    """

    verilog: str
    top: str
    main: str
    control: str = ""
    options: tuple[str, ...] = ()
    defines: dict[str, int] = field(default_factory=dict)
    link: tuple[str, ...] = ()
    optimize: str = "-O1"
    whole: bool = False


def build(sources: Sources) -> Path:
    """Return the executable of a simulator, built where the cache does not hold it.

    Raises
    ------
    ToolMissing
        Verilator or the C++ compiler is not installed.
    SimulatorError
        One of them refused its input.
    """
    verilator, compiler = toolchain.verilator(), toolchain.compiler()
    name = "model-" + cache.digest(sources, verilator, compiler)
    return cache.entry(name, lambda scratch: _build(sources, verilator, compiler, scratch)) / "simulator"


def _build(
    sources: Sources, verilator: toolchain.Verilator, compiler: toolchain.Compiler, directory: Path
) -> None:
    verilog, units = (sources.verilog, []) if sources.whole else without_units(sources.verilog, sources.top)
    work = directory / "work"
    work.mkdir()
    compilation = Compilation(verilator, compiler, sources.optimize, tuple(sources.defines.items()))
    first = not units and not sources.link and compilation.is_first
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # Verilator takes one core for the whole; what is compiled beside it takes the other one.
        beside: list[Future[Path]] = [] if first else [pool.submit(compilation.runtime, RUNTIME)]
        beside += [pool.submit(_unit_object, unit, compilation) for unit in units]
        lists = _verilate(verilator, work, "Vtop", sources.top, verilog, sources.control, sources.options)
        (work / "main.cpp").write_text('#include "Vtop.h"\n' + sources.main, encoding="utf-8")
        files = ["main.cpp", *_generated(lists)]
        if first and compilation.fits_alone(work, files):
            objects = [compilation.alone(work, files)]
        else:
            # The calls of units take nothing from the runtime's part for C functions.
            others = set(_names(lists, "GLOBAL")) - {*RUNTIME, "verilated_dpi"}
            parts = [*([RUNTIME] if first else []), *((name,) for name in sorted(others))]
            beside += [pool.submit(compilation.runtime, names) for names in parts]
            objects = compilation.objects(work, files, pool)
        objects += [task.result() for task in beside]
    link = [*compiler.command, *map(str, objects), "-o", "../simulator", "-pthread", *sources.link]
    execute(link, work, "the C++ compiler")
    shutil.rmtree(work)


def _verilate(
    verilator: toolchain.Verilator,
    work: Path,
    prefix: str,
    top: str,
    verilog: str,
    control: str = "",
    options: Sequence[str] = (),
) -> str:
    """Write the C++ of a module into ``work``, as class ``prefix``; return the lists of its files."""
    (work / "design.v").write_text(verilog, encoding="utf-8")
    (work / "control.vlt").write_text("`verilator_config\n" + control, encoding="utf-8")
    command = [str(verilator.binary), "--cc", "--Mdir", ".", "--prefix", prefix, "--top-module", top]
    # Long functions take a C++ compiler minutes: 64 lanes of shift-add 35 s without, 9 with this.
    command += ["--output-split-cfuncs", "500"]
    command += ["--quiet", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "fast"]
    # What a lint of the design says is for `verilator --lint-only`; here only errors count.
    command += ["-Wno-fatal", "-Wno-lint", "-Wno-style", *options, "control.vlt", "design.v"]
    execute(command, work, "Verilator", environment=verilator.environment)
    return (work / f"{prefix}_classes.mk").read_text(encoding="utf-8")


def _unit_object(unit: Unit, compilation: Compilation) -> Path:
    """Return the object file of a unit, compiled once for all designs that hold it."""

    def make(scratch: Path) -> None:
        work = scratch / "work"
        work.mkdir()
        lists = _verilate(compilation.verilator, work, f"V{unit.name}", unit.name, unit.verilog)
        (work / "function.cpp").write_text(f'#include "V{unit.name}.h"\n{unit.function}', encoding="utf-8")
        made = compilation.one_object(work, ["function.cpp", *_generated(lists)])
        made.rename(scratch / "unit.o")
        shutil.rmtree(work)

    key = cache.digest(unit.function, unit.verilog, compilation)
    return cache.entry(f"unit-{key}", make) / "unit.o"


def _generated(lists: str) -> list[str]:
    """Return the C++ files of a module by their lists."""
    return [f"{name}.cpp" for name in _names(lists, "CLASSES") + _names(lists, "SUPPORT")]


def _names(lists: str, kind: str) -> list[str]:
    """Return the source files of one kind that ``Vtop_classes.mk`` lists."""
    found = re.findall(rf"^VM_{kind}_(?:FAST|SLOW) \+= \\\n((?:  \S+ \\\n)*)", lists, re.M)
    return [name for block in found for name in re.findall(r"^  (\S+) \\$", block, re.M)]
