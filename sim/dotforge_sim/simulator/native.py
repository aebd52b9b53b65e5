"""Builds simulators: Verilog → Verilator → C++ → an executable in the cache.

Verilator's makefiles are not used. Their compile commands are few, they break on directory names with spaces,
and without them the header that every model includes is compiled once instead of once a model, which takes a
small model from 1.3 s to 0.4 s.
"""

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import cache, processes, toolchain

__all__ = ["NoVerdict", "SimulatorError", "Sources", "build", "execute"]

_DEFINES = ["COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_SAIF", "TRACE_VCD"]

#: Generated C++ up to this size is compiled as one file; more of it in parallel, file by file.
_ONE_FILE_BYTES = 400_000

_PREFIX_HEADERS = ["cstdint", "cstdio", "cstdlib", "cstring", "string", "vector", "verilated.h"]


class SimulatorError(Exception):
    """A simulator could not be built or run; the message holds the first lines that say why."""


class NoVerdict(SimulatorError):
    """The simulator could not be built, died, or did not end in time, which says nothing about the design."""


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
    """

    verilog: str
    top: str
    main: str
    control: str = ""
    options: tuple[str, ...] = ()
    defines: dict[str, int] = field(default_factory=dict)
    link: tuple[str, ...] = ()
    optimize: str = "-O1"


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
    work = directory / "work"
    work.mkdir()
    (work / "design.v").write_text(sources.verilog, encoding="utf-8")
    (work / "control.vlt").write_text("`verilator_config\n" + sources.control, encoding="utf-8")
    command = [str(verilator.binary), "--cc", "--Mdir", ".", "--prefix", "Vtop", "--top-module", sources.top]
    # Long functions take a C++ compiler minutes: 64 lanes of shift-add 35 s without, 9 with this.
    command += ["--output-split-cfuncs", "500"]
    command += ["--quiet", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "fast"]
    # What a lint of the design says is for `verilator --lint-only`; here only errors count.
    command += ["-Wno-fatal", "-Wno-lint", "-Wno-style", *sources.options, "control.vlt", "design.v"]
    execute(command, work, "Verilator", environment=verilator.environment)

    lists = (work / "Vtop_classes.mk").read_text(encoding="utf-8")
    generated = [f"{name}.cpp" for name in _names(lists, "CLASSES") + _names(lists, "SUPPORT")]
    runtime = _runtime(verilator, compiler, _names(lists, "GLOBAL"))

    (work / "main.cpp").write_text('#include "Vtop.h"\n' + sources.main, encoding="utf-8")
    units = ["main.cpp", *generated]
    if sum((work / name).stat().st_size for name in generated) <= _ONE_FILE_BYTES:
        (work / "all.cpp").write_text("".join(f'#include "{name}"\n' for name in units), encoding="utf-8")
        units = ["all.cpp"]
    common = [*_flags(sources.defines), sources.optimize]
    flags = [*common, "-I.", f"-I{verilator.root / 'include'}"]
    flags += [f"-I{verilator.root / 'include' / 'vltstd'}"]
    prefix = _prefix(verilator, compiler, common)

    def compile_unit(unit: str) -> None:
        execute([*compiler.command, *flags, "-include", str(prefix), "-c", unit], work, "the C++ compiler")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_unit, units))
    objects = [str(Path(unit).with_suffix(".o")) for unit in units] + [str(path) for path in runtime]
    execute(
        [*compiler.command, *objects, "-o", "../simulator", "-pthread", *sources.link],
        work,
        "the C++ compiler",
    )
    shutil.rmtree(work)


def _flags(defines: dict[str, int]) -> list[str]:
    return ["-std=gnu++17", *(f"-DVM_{name}={defines.get('VM_' + name, 0)}" for name in _DEFINES)]


def _names(lists: str, kind: str) -> list[str]:
    """Return the source files of one kind that ``Vtop_classes.mk`` lists."""
    found = re.findall(rf"^VM_{kind}_(?:FAST|SLOW) \+= \\\n((?:  \S+ \\\n)*)", lists, re.M)
    return [name for block in found for name in re.findall(r"^  (\S+) \\$", block, re.M)]


def _runtime(verilator: toolchain.Verilator, compiler: toolchain.Compiler, names: list[str]) -> list[Path]:
    """Return the object files of Verilator's runtime, each compiled once for all simulators."""
    include = verilator.root / "include"
    # None of the defines matters to these files.
    flags = [*_flags({}), "-O1", f"-I{include}", f"-I{include / 'vltstd'}"]

    def one(name: str) -> Path:
        def make(scratch: Path) -> None:
            command = [*compiler.command, *flags, "-c", str(include / f"{name}.cpp"), "-o", "unit.o"]
            execute(command, scratch, "the C++ compiler")

        return cache.entry("runtime-" + cache.digest(name, flags, verilator, compiler), make) / "unit.o"

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, names))


def _prefix(verilator: toolchain.Verilator, compiler: toolchain.Compiler, flags: list[str]) -> Path:
    """Return a header that includes what every model needs, precompiled beside it where that works.

    GCC takes `prefix.h.gch` instead of the header wherever both lie; Clang wants its file not to move.
    """

    def make(scratch: Path) -> None:
        (scratch / "prefix.h").write_text("".join(f"#include <{name}>\n" for name in _PREFIX_HEADERS))
        if "clang" not in compiler.version:
            command = [*compiler.command, *flags, f"-I{verilator.root / 'include'}", "-x", "c++-header"]
            execute([*command, "prefix.h", "-o", "prefix.h.gch"], scratch, "the C++ compiler")

    return cache.entry("prefix-" + cache.digest(flags, verilator, compiler), make) / "prefix.h"


def execute(command: list[str], cwd: Path, who: str, environment: dict[str, str] | None = None) -> None:
    """Run a build step; ``who`` names it in the message when it fails.

    Parameters
    ----------
    command : program and arguments
    cwd : where it runs, and keeps its temporary files
    environment : variables (default: those of this process)

    Raises
    ------
    NoVerdict
        The command fails; the message has its first lines with errors.
    """
    done = processes.run(command, cwd=cwd, environment=environment, temporary=cwd)
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines()
        errors = [line for line in lines if "rror" in line] or lines or [f"exit {done.returncode}"]
        raise NoVerdict(f"{who} failed: " + "\n".join(errors[:5]))
