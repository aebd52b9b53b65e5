"""``dotforge list``: engines and their parameters."""

import click

from ..console import print_json, table
from ._shared import engine_argument, json_option


@click.command("list", epilog="Examples: dotforge list logmac; dotforge list --json")
@engine_argument(required=False)
@json_option
def command(engine: str | None, as_json: bool) -> None:
    """List engines and parameters with units, ranges and defaults: all, or those of one ENGINE.

    JSON is a list of engines, or the one that was asked for.
    """
    from .. import registry  # noqa: PLC0415
    from ..parameters import as_given, describe  # noqa: PLC0415

    entries = [registry.engine(engine)] if engine else list(registry.engines().values())
    if as_json:
        found = [
            {"engine": entry.name, "summary": entry.summary, "source": entry.source,
             "parameters": describe(entry.config)}
            for entry in entries
        ]  # fmt: skip
        print_json(found[0] if engine else found)
        return
    for number, entry in enumerate(entries):
        click.echo(("\n" if number else "") + f"{entry.name}: {entry.summary} ({entry.source})\n")
        rows = [
            [row["name"], as_given(row["default"]),
             row["allowed"], row["unit"], row["help"]]
            for row in describe(entry.config)
        ]  # fmt: skip
        table(["parameter", "default", "allowed", "unit", "meaning"], rows)
