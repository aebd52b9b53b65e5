"""``dotforge fusesoc``: where the core is that makes dotforge a generator of FuseSoC."""

import click


@click.command("fusesoc", epilog="Example: fusesoc library add dotforge $(dotforge fusesoc)")
def command() -> None:
    """Print the directory of a FuseSoC core with the generator `dotforge`.

    A core that depends on dotforge:utils:generator may then have engines made for it; `fusesoc gen show dotforge` tells
    the parameters.
    """
    from ..tools.files import data_directory  # noqa: PLC0415

    click.echo(data_directory("fusesoc"))
