"""The command line: ``dotforge COMMAND …``; how commands end is in :mod:`dotforge.outcome`."""

import importlib
import pkgutil
import sys

import click

from . import commands
from .commands._shared import loudness, with_loudness
from .console import be_quiet, be_verbose
from .outcome import end_on_error

__all__ = ["cli", "main"]


class _Commands(click.Group):
    """The modules of :mod:`dotforge.commands`; a command is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.rstrip("_").replace("_", "-")
            for module in pkgutil.iter_modules(commands.__path__)
            if not module.name.startswith("_")
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{cmd_name}_" if cmd_name in ("list", "import") else cmd_name.replace("-", "_")
        return with_loudness(importlib.import_module(f"{commands.__name__}.{name}").command)


def _version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from .versions import versions  # noqa: PLC0415 - only who asks waits for it

        for name, found in versions().items():
            click.echo(f"{name} {found}")
        context.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=loudness(),
)
@click.option("--version", is_flag=True, callback=_version, expose_value=False, is_eager=True,
              help="Show the versions of dotforge and of the tools that it finds, and exit.")  # fmt: skip
def cli() -> None:
    """Generate dot-product engines for deep learning, prove them against NumPy, and report what they cost."""


def main() -> None:
    """Run the command line; every error is one line on standard error."""
    from .export import stored  # noqa: PLC0415 - whoever imports the commands makes designs anew

    stored.use()
    be_quiet(False)
    be_verbose(False)
    sys.exit(end_on_error(cli))


if __name__ == "__main__":
    main()
