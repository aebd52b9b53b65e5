"""Runs ABC scripts: the program that the native Yosys brings along (``pyosys``), in a process of its own.

The other Yosys has ABC inside and no way to ask it for a proof, so what needs this needs the wheel of pyosys.
"""

import importlib.util
import math
from pathlib import Path

from .process import ToolError, run_tool

__all__ = ["run"]


def run(
    commands: list[str], files: dict[str, str], outputs: list[str], *, timeout: float = 600
) -> dict[str, str]:
    """Run commands over some files.

    Parameters
    ----------
    commands : of ABC, in order
    files : name → text, written before the run; an ASCII AIGER file ends with ``.aag``
    outputs : names to read back after it; ``""`` stands for what ABC printed
    timeout : seconds

    Raises
    ------
    ToolError
        There is no pyosys here, or ABC failed.
    """
    package = importlib.util.find_spec("pyosys")
    if package is None or package.origin is None:
        raise ToolError("proofs need pyosys, whose wheel does not exist for this platform")
    program = Path(package.origin).parent / "yosys-abc"
    script = {"script.abc": "\n".join(commands) + "\n"}
    limit = math.ceil(timeout)
    return run_tool("ABC", [str(program), "-f", "script.abc"], {**files, **script}, outputs, timeout=limit)
