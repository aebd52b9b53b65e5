"""``dotforge draw``: pictures of networks."""

from collections.abc import Callable
from pathlib import Path

import click

_EXAMPLES = """\b
Examples:
  dotforge draw benes 5,2,7,0,4,1,6,3 -o benes.svg
  dotforge draw copy 3,1,2,1 -o copy.svg
  dotforge draw distribution 0,3,3,6,0,3,-1,2 --bitmap 11010111 -o distribution.svg
  dotforge draw fan 3,1,5,2,4,1 -o fan.svg
"""


class _Numbers(click.ParamType):
    name = "numbers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Read integers with commas between them."""
        if isinstance(value, list):
            return value
        try:
            return [int(item) for item in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r}: integers with commas between them are wanted, such as 2,0,1,3", param, ctx)


@click.command("draw", epilog=_EXAMPLES)
@click.argument("network", type=click.Choice(("benes", "copy", "distribution", "fan")))
@click.argument("numbers", type=_Numbers())
@click.option("--bitmap", help="distribution: set bits of the vector, first position first (default: all).")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Picture to write, SVG.")  # fmt: skip
def command(network: str, numbers: list[int], bitmap: str | None, output: Path) -> None:
    """Draw a network as SVG, set for NUMBERS, with the ways of the values in colours.

    NUMBERS are for benes the input of each output, for copy the copies of each input, for distribution the
    window position of each lane (-1 for none), and for fan the lanes of each run.
    """
    from ..pictures.fan import draw_fan  # noqa: PLC0415
    from ..pictures.networks import draw_benes, draw_copy, draw_distribution  # noqa: PLC0415
    from ..tools.files import write_text  # noqa: PLC0415

    if bitmap is not None and (network != "distribution" or set(bitmap) - set("01")):
        raise click.BadParameter(
            "zeros and ones are wanted, and only for distribution", param_hint="--bitmap"
        )
    bits = [int(bit) for bit in bitmap] if bitmap else [1] * len(numbers)
    drawings: dict[str, Callable[[], str]] = {
        "benes": lambda: draw_benes(numbers),
        "copy": lambda: draw_copy(numbers),
        "distribution": lambda: draw_distribution(numbers, bits),
        "fan": lambda: draw_fan(numbers),
    }
    try:
        picture = drawings[network]()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NUMBERS") from None
    write_text(output, picture)
    click.echo(f"{output}: {network}, {len(numbers)} numbers")
