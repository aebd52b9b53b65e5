"""The first use of a WebAssembly tool: it compiles itself for the machine, minutes in which it prints one line.

That line is in the tool's log, which nobody sees while it runs: here it is told, and how long it has taken so far, on
standard error (by the logger of this module, where that is not what a program wants).
"""

import logging
import re
import subprocess
import time
from pathlib import Path

__all__ = ["wait"]

#: Seconds between two lines.
INTERVAL = 15.0

#: Seconds between two looks.
_LOOK = 0.5

#: What the runtime of these tools prints before it compiles one.
_COMPILES = re.compile(r"^Preparing to run (\S+)\. This might take a while", re.M)

_log = logging.getLogger(__name__)


def wait(process: subprocess.Popen[str], printed: Path, timeout: float) -> int:
    """Wait for a program; tell when a tool in it compiles itself.

    Parameters
    ----------
    process : the program
    printed : the file that it prints into
    timeout : seconds

    Returns
    -------
    Its exit code.

    Raises
    ------
    subprocess.TimeoutExpired
        It did not end in time.
    """
    begun = time.monotonic()
    compiling: dict[str, float] = {}
    size, next_line = 0, 0.0
    while True:
        now = time.monotonic()
        try:
            return process.wait(max(0.0, min(_LOOK, begun + timeout - now)))
        except subprocess.TimeoutExpired:
            if time.monotonic() - begun >= timeout:
                raise
        now = time.monotonic()
        found = printed.stat().st_size
        if found != size:
            size = found
            for tool in _COMPILES.findall(printed.read_text(encoding="utf-8", errors="replace")):
                if tool not in compiling:
                    compiling[tool], next_line = now, now + INTERVAL
                    _log.warning("%s compiles itself for this machine, once, for minutes", tool)
        if compiling and now >= next_line:
            tool, since = list(compiling.items())[-1]
            _log.warning("%s: %.0f s so far", tool, now - since)
            next_line = now + INTERVAL
