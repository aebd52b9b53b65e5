"""The command line: ``dotforge COMMAND …``.

Exit codes: 0 success; 1 the thing itself failed (a bench is red, a sum overflowed, a limit is broken); 2 there is no
verdict: bad input, a program that is missing, dies or hangs, a disk that is full; said in one line.
"""

import errno
import importlib
import pkgutil
import sys

import click

from dotforge_sim.bench import BenchFailure
from dotforge_sim.gemm import RunError
from dotforge_sim.native import SimulatorError
from dotforge_sim.toolchain import ToolMissing

from . import commands
from .flow.files import OutputError
from .flow.targets.base import TargetError
from .flow.tools import ToolError
from .parameters import ParameterError

__all__ = ["end_on_error", "main"]

_NO_VERDICT = (ParameterError, OutputError, RunError, TargetError, ToolMissing, ToolError)
_FAILED = (BenchFailure, SimulatorError)

#: Where no more can be written: wherever that shows, it is no bug.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class _Commands(click.Group):
    """The modules of :mod:`dotforge.commands`; a command is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.rstrip("_")
            for module in pkgutil.iter_modules(commands.__path__)
            if not module.name.startswith("_")
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{cmd_name}_" if cmd_name in ("list",) else cmd_name
        return importlib.import_module(f"{commands.__name__}.{name}").command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="dotforge")
def cli() -> None:
    """Generate dot-product engines for deep learning, prove them against NumPy, and report what they cost."""


def main() -> None:
    """Run the command line; every error is one line on standard error."""
    sys.exit(end_on_error(cli))


def end_on_error(command: click.Command) -> int:
    """Run a command and return its exit code; an error is one line on standard error."""
    try:
        code = command.main(prog_name="dotforge", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _told("interrupted", 130)
    except (click.ClickException, OSError, *_NO_VERDICT, *_FAILED) as error:
        found = _explained(error)
        if found is None:
            raise
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
    return str(error), 1 if isinstance(error, _FAILED) else 2


def _path(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else ""
    return path.removeprefix("dotforge")


def _told(message: str, code: int) -> int:
    print("dotforge: " + " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
