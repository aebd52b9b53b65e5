"""``dotforge list``: engines and their parameters."""

import click

from ..console import print_json, table
from ..parameters import describe
from ..registry import engines
from ._shared import json_option


@click.command("list", epilog="Example: dotforge list --json")
@json_option
def command(as_json: bool) -> None:
    """List engines and parameters with units, ranges and defaults."""
    if as_json:
        print_json(
            [
                {"engine": entry.name, "summary": entry.summary, "source": entry.source,
                 "parameters": describe(entry.config)}
                for entry in engines().values()
            ]
        )  # fmt: skip
        return
    for entry in engines().values():
        click.echo(f"{entry.name}: {entry.summary} ({entry.source})\n")
        rows = [
            [row["name"], row["default"] if not isinstance(row["default"], bool) else str(row["default"]).lower(),
             row["allowed"], row["unit"], row["help"]]
            for row in describe(entry.config)
        ]  # fmt: skip
        table(["parameter", "default", "allowed", "unit", "meaning"], rows)
        click.echo()
