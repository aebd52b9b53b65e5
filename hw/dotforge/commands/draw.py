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
  dotforge draw flexdpu 3,4,2,4,1,4,3 --engines 2 --lanes 8 -o group.svg
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
@click.argument("network", type=click.Choice(("benes", "copy", "distribution", "fan", "flexdpu")))
@click.argument("numbers", type=_Numbers())
@click.option("--bitmap", help="distribution: set bits of the vector, first position first (default: all).")
@click.option("--engines", type=int, help="flexdpu: Flex-DPEs of the group (default: 2).")
@click.option("--lanes", type=int, help="flexdpu: lanes of each (default: 8).")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Picture to write, SVG.")  # fmt: skip
def command(
    network: str,
    numbers: list[int],
    bitmap: str | None,
    engines: int | None,
    lanes: int | None,
    output: Path,
) -> None:
    """Draw a network as SVG, set for NUMBERS, with the ways of the values in colours.

    NUMBERS are for benes the input of each output, for copy the copies of each input, for distribution the
    window position of each lane (-1 for none), for fan the lanes of each run, and for flexdpu the useful elements of
    each row of a window: its folds over a group of Flex-DPEs.
    """
    from ..pictures.fan import draw_fan  # noqa: PLC0415
    from ..pictures.group import draw_group  # noqa: PLC0415
    from ..pictures.networks import draw_benes, draw_copy, draw_distribution  # noqa: PLC0415
    from ..tools.files import write_text  # noqa: PLC0415

    if bitmap is not None and (network != "distribution" or set(bitmap) - set("01")):
        raise click.BadParameter(
            "zeros and ones are wanted, and only for distribution", param_hint="--bitmap"
        )
    for name, value in (("--engines", engines), ("--lanes", lanes)):
        if value is not None and network != "flexdpu":
            raise click.BadParameter("only for flexdpu", param_hint=name)
    bits = [int(bit) for bit in bitmap] if bitmap else [1] * len(numbers)
    drawings: dict[str, Callable[[], str]] = {
        "benes": lambda: draw_benes(numbers),
        "copy": lambda: draw_copy(numbers),
        "distribution": lambda: draw_distribution(numbers, bits),
        "fan": lambda: draw_fan(numbers),
        "flexdpu": lambda: draw_group(
            numbers, 2 if engines is None else engines, 8 if lanes is None else lanes
        ),
    }
    try:
        picture = drawings[network]()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NUMBERS") from None
    write_text(output, picture)
    click.echo(f"{output}: {network}, {len(numbers)} numbers")
