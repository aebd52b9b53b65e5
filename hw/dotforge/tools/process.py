"""Runs programs that are not Yosys: each in a scratch directory, in a process group of its own, with a limit."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from dotforge_sim.simulator import processes

from . import first_use

__all__ = ["ToolError", "run_tool"]


class ToolError(Exception):
    """A program ended with an error, or not within its time limit; the message is one line.

    Attributes
    ----------
    said : what the program printed, where it ended by itself
    """

    said: str = ""


def run_tool(
    who: str,
    command: Sequence[str],
    files: Mapping[str, str],
    outputs: Sequence[str],
    *,
    timeout: float,
    accept: Sequence[int] = (0,),
) -> dict[str, str]:
    """Run a program over some files.

    Parameters
    ----------
    who : its name in messages
    command : program and arguments; files are named relative to the directory that it runs in
    files : name → text, written before the run
    outputs : names to read back after it; ``""`` stands for what it printed
    timeout : seconds, after which it and all that it started is killed
    accept : exit codes of success

    Raises
    ------
    ToolError
        With the line that says why.
    """
    try:
        with processes.scratch() as directory:
            for name, text in files.items():
                (directory / name).write_text(text, encoding="utf-8")
            code, said = _run(who, command, directory, timeout)
            # Not every program notices that what it wrote is cut short.
            (directory / "probe").write_bytes(bytes(4096))
            missing = [name for name in outputs if name and not (directory / name).is_file()]
            if code not in accept or missing:
                failure = ToolError(f"{who}: {_reason(said, code, missing)}")
                failure.said = said
                raise failure
            return {
                name: (directory / name).read_text(encoding="utf-8") if name else said for name in outputs
            }
    except OSError as error:  # the temporary directory is full, or not there
        raise ToolError(
            f"{who}: {error.strerror or error} ({error.filename or 'temporary files'})"
        ) from error


def _run(who: str, command: Sequence[str], directory: Path, timeout: float) -> tuple[int, str]:
    """Run it in a process group of its own; returns exit code and what it printed."""
    printed = directory / "printed.log"
    with printed.open("w") as log:
        try:
            with processes.started(
                command, cwd=directory, stdout=log, stderr=log, temporary=directory
            ) as process:
                code = first_use.wait(process, printed, timeout)
        except subprocess.TimeoutExpired as expired:
            raise ToolError(f"{who} did not end within {timeout:g} s") from expired
        except OSError as error:
            raise ToolError(f"{who} cannot be started: {error.strerror}") from error
    return code, printed.read_text(encoding="utf-8", errors="replace")


def _reason(said: str, code: int, missing: Sequence[str]) -> str:
    lines = said.strip().splitlines()
    errors = [line for line in lines if "ERROR" in line] or [
        line for line in lines if "error" in line.lower()
    ]
    if code < 0:
        return f"killed by {signal.Signals(-code).name}" + (f" after: {lines[-1]}" if lines else "")
    if errors:
        return errors[0].strip()
    return (
        f"exit {code}"
        + (f", {missing[0]} was not written" if missing else "")
        + (f": {lines[-1].strip()}" if lines else "")
    )
