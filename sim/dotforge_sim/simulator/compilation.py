"""Compiles the C++ that Verilator writes.

Verilator's makefiles are not used. Their compile commands are few, they break on directory names with spaces, and
without them the header that every model includes is compiled once instead of once a model, what runs only at the start
is not optimized, and the runtime is compiled once for all models.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import cache, processes, toolchain

__all__ = ["RUNTIME", "Compilation", "NoVerdict", "SimulatorError", "execute"]

#: What every simulator takes from Verilator's runtime.
RUNTIME = ("verilated", "verilated_threads")

_DEFINES = ["COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_SAIF", "TRACE_VCD"]

#: Generated C++ up to this size is compiled as one file; more of it in groups of files, at a time.
_ONE_FILE_BYTES = 400_000
_GROUP_BYTES = 1_200_000

#: Generated C++ up to this size is compiled with the runtime, as one program, where the cache is empty.
_ALONE_BYTES = 2_500_000

#: Files to compile that are worth a precompiled header.
_WORTH_A_PREFIX = 8

_HEADERS = ["cstdint", "cstdio", "cstdlib", "cstring", "string", "vector", "verilated.h"]


class SimulatorError(Exception):
    """A simulator could not be built or run; the message holds the first lines that say why."""


class NoVerdict(SimulatorError):
    """The simulator could not be built, died, or did not end in time, which says nothing about the design."""


@dataclass(frozen=True)
class Compilation:
    """How C++ is compiled.

    Attributes
    ----------
    verilator : which wrote it, and whose headers it includes
    compiler : of C++
    optimize : its level, for what runs in every cycle
    defines : macros and their values, over Verilator's defaults
    """

    verilator: toolchain.Verilator
    compiler: toolchain.Compiler
    optimize: str
    defines: tuple[tuple[str, int], ...] = ()

    def objects(self, work: Path, names: list[str], pool: ThreadPoolExecutor) -> list[Path]:
        """Return object files of files: what runs in every cycle is optimized, what runs once, at the start, is not.

        Parameters
        ----------
        work : directory of the files
        names : of the files, any of which may be compiled as one
        pool : what compiles them at a time
        """
        sizes = {name: (work / name).stat().st_size for name in names}
        if sum(sizes.values()) <= _ONE_FILE_BYTES:
            return [self.one_object(work, names)]
        once = [name for name in names if name.endswith("__Slow.cpp")]
        often = _groups([name for name in names if name not in once], sizes)
        prefix = self._prefix(len(often))
        jobs = [(group, [self.optimize], prefix) for group in often]
        jobs += [(group, ["-O0"], None) for group in _groups(once, sizes)]
        tasks = [pool.submit(self._object, work, f"group{index}.cpp", *job) for index, job in enumerate(jobs)]
        return [task.result() for task in tasks]

    def one_object(self, work: Path, names: list[str]) -> Path:
        """Return the object file of several files.

        Parameters
        ----------
        work : directory of the files
        names : of the files
        """
        return self._object(work, "all.cpp", names, [self.optimize], self._prefix(1))

    @property
    def is_first(self) -> bool:
        """Whether the cache holds no model yet: then what later models would share is not made for them."""
        return "clang" not in self.compiler.version and not cache.count("model-")

    def fits_alone(self, work: Path, names: list[str]) -> bool:
        """Tell whether files are few enough for :meth:`alone`.

        Parameters
        ----------
        work : directory of the files
        names : of the files
        """
        return sum((work / name).stat().st_size for name in names) <= _ALONE_BYTES

    def alone(self, work: Path, names: list[str]) -> Path:
        """Return the object file of a whole program, of which the compiler leaves out most of the runtime.

        That takes half as long as compiling all of the runtime for whoever comes later.

        Parameters
        ----------
        work : directory of the files
        names : of the files, ``main`` among them
        """
        runtime = [f"{name}.cpp" for name in RUNTIME]
        return self._object(work, "all.cpp", [*names, *runtime], [self.optimize, "-fwhole-program"], None)

    def runtime(self, names: Sequence[str]) -> Path:
        """Return the object file of parts of Verilator's runtime, compiled once for all simulators.

        Parameters
        ----------
        names : of the parts
        """
        # None of the defines matters to these files. What every model runs in every cycle is in the headers.
        plain = Compilation(self.verilator, self.compiler, "-O0" if names == RUNTIME else "-O1")

        def make(scratch: Path) -> None:
            files = [f"{name}.cpp" for name in names]
            plain._object(scratch, "runtime.cpp", files, [plain.optimize], None)

        return cache.entry("runtime-" + cache.digest(names, plain), make) / "runtime.o"

    def _object(
        self, work: Path, joined: str, names: list[str], optimize: list[str], prefix: Path | None
    ) -> Path:
        lines = [f"#include <{name}>" for name in _HEADERS] + [f'#include "{name}"' for name in names]
        (work / joined).write_text("\n".join([*lines, ""]), encoding="utf-8")
        command = [*self.compiler.command, *self._flags, *optimize, "-I."]
        command += ["-include", str(prefix)] if prefix else []
        execute([*command, "-c", joined], work, "the C++ compiler")
        return (work / joined).with_suffix(".o")

    @property
    def _flags(self) -> list[str]:
        include, given = self.verilator.root / "include", dict(self.defines)
        defines = [f"-DVM_{name}={given.get('VM_' + name, 0)}" for name in _DEFINES]
        return ["-std=gnu++17", *defines, f"-I{include}", f"-I{include / 'vltstd'}"]

    def _prefix(self, files: int) -> Path | None:
        """Return a header that includes what every model needs, precompiled beside it, where it is worth its time.

        Making it takes as long as reading the header for several files, so the first models of a cache do without.
        GCC takes `prefix.h.gch` instead of the header wherever both lie; Clang wants its file not to move.
        """
        if "clang" in self.compiler.version:
            return None
        flags = [*self._flags, self.optimize]

        def make(scratch: Path) -> None:
            (scratch / "prefix.h").write_text("".join(f"#include <{name}>\n" for name in _HEADERS))
            command = [*self.compiler.command, *flags, "-x", "c++-header", "prefix.h", "-o", "prefix.h.gch"]
            execute(command, scratch, "the C++ compiler")

        name = "prefix-" + cache.digest(flags, self.verilator, self.compiler)
        models = cache.count("model-")
        worth = files >= _WORTH_A_PREFIX or models >= _WORTH_A_PREFIX // 2 or cache.holds(name)
        return cache.entry(name, make) / "prefix.h" if worth else None


def _groups(names: list[str], sizes: dict[str, int]) -> list[list[str]]:
    """Return files in groups, the largest first: to read the headers takes as long as a small file does."""
    groups: list[list[str]] = []
    for name in sorted(names, key=lambda name: -sizes[name]):
        fits = [group for group in groups if sum(map(sizes.__getitem__, group)) + sizes[name] <= _GROUP_BYTES]
        if fits:
            fits[0].append(name)
        else:
            groups.append([name])
    return groups


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
