"""``dotforge verify-unit``: an arithmetic unit against vectors of others."""

from pathlib import Path

import click

from ..console import table
from ._shared import JsonPlace, json_option

_EXAMPLES = """\b
Examples:
  dotforge verify-unit --list
  testfloat_gen f32_add > sums && dotforge verify-unit float_adder --vectors sums
  dotforge verify-unit float_multiplier_fp16_fp16 --vectors products --show 3
"""


@click.command("verify-unit", epilog=_EXAMPLES)
@click.argument("unit", required=False)
@click.option("--vectors", type=click.Path(path_type=Path), help="File of operands and results, hexadecimal.")
@click.option(
    "--show", type=click.IntRange(1), default=10, show_default=True, help="Mismatches that are printed."
)
@click.option(
    "--exact-nan", is_flag=True, help="Compare the bits of NaN, too (ours: quiet, positive, no payload)."
)
@click.option("--list", "listing", is_flag=True, help="List the units, and what they take and give.")
@json_option
def command(
    unit: str | None, vectors: Path | None, show: int, exact_nan: bool, listing: bool, as_json: JsonPlace
) -> int:
    """Run operands through the Verilog of an arithmetic UNIT and compare its results.

    A line of the file is a vector: operands and result, apart by white space; a further column, as of the flags that
    Berkeley TestFloat writes, is passed over. All units round to nearest, ties to even.
    """
    from ..verify.units import units  # noqa: PLC0415 - whoever asks for help does not wait for it

    known = units()
    if listing:
        if unit is not None or vectors is not None:
            raise click.UsageError("--list goes with nothing else")
        if not as_json.tells({each.name: each.summary for each in known.values()}):
            table(["unit", "operands → result"], [[each.name, each.summary] for each in known.values()])
        return 0
    if unit is None or vectors is None:
        raise click.UsageError("a UNIT and --vectors are needed, or --list")
    if unit not in known:
        raise click.UsageError(f"unit {unit}: --list shows those that are allowed")
    from ..verify.unit_vectors import differences, read_vectors  # noqa: PLC0415

    own = known[unit]
    given = read_vectors(vectors, own)
    wrong = differences(own, given, exact_nan=exact_nan)
    if as_json.tells(
        {
            "unit": unit,
            "vectors": len(given.results),
            "differ": len(wrong),
            "differences": [
                {
                    "line": each.line,
                    "operands": list(each.operands),
                    "found": each.found,
                    "wanted": each.wanted,
                }
                for each in wrong[:show]
            ],
        }
    ):
        return int(bool(wrong))
    digits = -(-own.result.width // 4)
    for each in wrong[:show]:
        operands = " ".join(
            f"{value:0{-(-format.width // 4)}X}"
            for value, format in zip(each.operands, own.operands, strict=True)
        )
        click.echo(
            f"{vectors}, line {each.line}: {operands}: found {each.found:0{digits}X}, wanted {each.wanted:0{digits}X}"
        )
    if len(wrong) > show:
        click.echo(f"… and {len(wrong) - show} more")
    click.echo(f"{unit}: {len(given.results)} vectors, {len(wrong)} differ")
    return int(bool(wrong))
