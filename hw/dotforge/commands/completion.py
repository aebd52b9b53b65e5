"""``dotforge completion``: what a shell has to read to complete commands, engines and parameters."""

import click
from click.shell_completion import get_completion_class


@click.command("completion", epilog='Example: eval "$(dotforge completion bash)"')
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None, "click has these three"
    click.echo(kind(ctx.find_root().command, {}, "dotforge", "_DOTFORGE_COMPLETE").source())
