"""The command line: ``dotforge COMMAND …``.

Exit codes: 0 success; 1 the thing itself failed (a bench is red, a sum overflowed, a limit is broken); 2 bad input
or a missing program, said in one line.
"""

import importlib
import os
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
from .flow.yosys import YosysError
from .parameters import ParameterError

__all__ = ["end_on_error", "main"]

_BAD_INPUT = (ParameterError, OutputError, RunError, TargetError, ToolMissing)
_FAILED = (BenchFailure, SimulatorError, ToolError, YosysError)


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
    # Amaranth would otherwise take any Yosys that it finds.
    os.environ.setdefault("AMARANTH_USE_YOSYS", "builtin")
    try:
        code = command.main(prog_name="dotforge", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _told("interrupted", 130)
    except click.UsageError as error:
        hint = f" (see dotforge{_path(error)} --help)" if error.ctx else ""
        return _told(f"{error.format_message()}{hint}", 2)
    except click.ClickException as error:
        return _told(error.format_message(), error.exit_code)
    except _BAD_INPUT as error:
        return _told(str(error), 2)
    except _FAILED as error:
        return _told(str(error), 1)
    return code if isinstance(code, int) else 0


def _path(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else ""
    return path.removeprefix("dotforge")


def _told(message: str, code: int) -> int:
    print("dotforge: " + " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
