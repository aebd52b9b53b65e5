"""How a command ends: an exit code, and every error as one line on standard error.

Exit codes: 0 success; 1 the thing itself failed (a bench is red, a sum overflowed, a limit is broken); 2 there is no
verdict: bad input, a program that is missing, dies or hangs, a disk that is full; 128 and the number of the signal
that ended the command (130 an interrupt, 143 SIGTERM), which takes all that it had started with it.
"""

import contextlib
import errno
import logging
import signal
import sys
import warnings

import click

from dotforge_sim.simulator import processes

__all__ = ["end_on_error"]

_log = logging.getLogger(__name__)

#: Where no more can be written: wherever that shows, it is no bug.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def end_on_error(command: click.Command) -> int:
    """Run a command and return its exit code; an error is one line on standard error.

    Raises
    ------
    Exception
        What nobody foresaw: a bug, whose traceback is of use.
    """
    try:
        with processes.ended_by_signals():
            code = command.main(prog_name="dotforge", standalone_mode=False)
    except processes.Ended as end:
        number = end.number
        return _told("interrupted" if number == signal.SIGINT else str(end), 128 + number)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _told("interrupted", 128 + signal.SIGINT)
    except Exception as error:
        found = _explained(error)
        if found is None:
            raise
        _log.debug("where it was found:", exc_info=error)
        return _told(*found)
    return code if isinstance(code, int) else 0


def _explained(error: Exception) -> tuple[str, int] | None:
    """Return message and exit code, ``None`` for what is a bug."""
    if isinstance(error, click.UsageError):
        hint = f" (see dotforge{_path(error)} --help)" if error.ctx else ""
        return f"{error.format_message()}{hint}", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, OSError):
        place = error.filename or "a file"
        return (f"cannot write {place}: {error.strerror}", 2) if error.errno in _FULL else None
    failed, no_verdict = _foreseen()
    if isinstance(error, no_verdict):  # some are kinds of a failure
        return str(error), 2
    return (str(error), 1) if isinstance(error, failed) else None


def _foreseen() -> tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]:
    """Return the errors that say that the thing failed, and those that say that there is no verdict.

    They are looked up when there is an error: whoever asks for help does not wait for the modules that define them.
    """
    from dotforge_sim.models.errors import ModelError  # noqa: PLC0415
    from dotforge_sim.run.gemm import RunError  # noqa: PLC0415
    from dotforge_sim.simulator.bench import BenchFailure, BenchUnfinished  # noqa: PLC0415
    from dotforge_sim.simulator.native import NoVerdict, SimulatorError  # noqa: PLC0415
    from dotforge_sim.simulator.toolchain import ToolMissing  # noqa: PLC0415

    from .parameters import ParameterError  # noqa: PLC0415
    from .synthesis.targets.base import TargetError  # noqa: PLC0415
    from .tools.files import OutputError  # noqa: PLC0415
    from .tools.process import ToolError  # noqa: PLC0415

    return (
        (BenchFailure, SimulatorError),
        (
            ParameterError,
            OutputError,
            RunError,
            ModelError,
            TargetError,
            ToolMissing,
            ToolError,
            NoVerdict,
            BenchUnfinished,
        ),
    )


def _path(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else ""
    return path.removeprefix("dotforge")


def _told(message: str, code: int) -> int:
    _forget_unused()
    with contextlib.suppress(OSError):  # a terminal that is gone
        print("dotforge: " + " ".join(message.split()), file=sys.stderr, flush=True)
    return code


def _forget_unused() -> None:
    """Let Amaranth not warn, block by block, that what was half built is dropped: the command has ended."""
    if "amaranth.hdl" in sys.modules:
        from amaranth.hdl import UnusedElaboratable  # noqa: PLC0415 - whoever asks for help does not wait for it

        warnings.filterwarnings("ignore", category=UnusedElaboratable)
