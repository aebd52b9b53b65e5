"""The process that ends what another one started, and removes its scratch directories, when that was killed.

It reads lines from a pipe: ``["+group", 123]`` and ``["-group", 123]`` tell of a process group that runs and that
ended, ``["+place", "/tmp/x"]`` and ``["-place", "/tmp/x"]`` of a directory. The end of the pipe is the end of the one
who tells, whatever the cause. See :mod:`dotforge_sim.simulator.processes`, which starts it as a program.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import time

__all__ = ["main"]


def main() -> None:
    """Listen, then end and remove what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left: dict[str, set] = {"group": set(), "place": set()}
    for line in sys.stdin.buffer:
        with contextlib.suppress(ValueError):  # the last one may be cut short
            what, which = json.loads(line)
            (left[what[1:]].add if what[0] == "+" else left[what[1:]].discard)(which)
    for group in left["group"]:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    for place in left["place"]:
        for _ in range(50):  # what was killed may still be writing its last
            shutil.rmtree(place, ignore_errors=True)
            if not os.path.exists(place):
                break
            time.sleep(0.1)


if __name__ == "__main__":
    main()
