"""``dotforge list``: engines and their parameters."""

import click

from ..console import table
from ._shared import JsonPlace, engine_argument, json_option, parameter_option


@click.command(
    "list", epilog="Examples: dotforge list logmac; dotforge list flexdpe -p lanes=128; dotforge list --json"
)
@engine_argument(required=False)
@parameter_option
@json_option
def command(engine: str | None, parameters: dict[str, str], as_json: JsonPlace) -> None:
    """List engines and parameters with units, ranges and defaults: all, or those of one ENGINE.

    With -p, the value of each parameter beside these, and why it was chosen if it was. JSON is a list of engines, or
    the one that was asked for.
    """
    from .. import registry  # noqa: PLC0415
    from ..parameters import as_given, describe  # noqa: PLC0415

    if parameters and engine is None:
        raise click.UsageError("-p is given without ENGINE")
    if engine and parameters:
        _one(engine, parameters, as_json)
        return
    entries = [registry.engine(engine)] if engine else list(registry.engines().values())
    if as_json.given:
        found = [
            {"engine": entry.name, "summary": entry.summary, "source": entry.source,
             "parameters": describe(entry.config)}
            for entry in entries
        ]  # fmt: skip
        if as_json.tells(found[0] if engine else found):
            return
    for number, entry in enumerate(entries):
        click.echo(("\n" if number else "") + f"{entry.name}: {entry.summary} ({entry.source})\n")
        rows = [
            [row["name"], as_given(row["default"]),
             row["allowed"], row["unit"], row["help"]]
            for row in describe(entry.config)
        ]  # fmt: skip
        table(["parameter", "default", "allowed", "unit", "meaning"], rows)
        if any(row["type"] == "integer" and row["default"] == "auto" for row in describe(entry.config)):
            click.echo(f"\nauto is chosen: `dotforge list {entry.name} -p NAME=VALUE` says what, and why.")


def _one(engine: str, parameters: dict[str, str], as_json: JsonPlace) -> None:
    """List an engine with some parameters."""
    from ..parameters import as_given, describe  # noqa: PLC0415
    from ..registry import configure  # noqa: PLC0415

    entry, config = configure(engine, parameters)
    rows = [row | {"value": getattr(config, row["name"])} for row in describe(entry.config)]
    told = entry.told(config)
    if as_json.tells(
        {"engine": entry.name, "summary": entry.summary, "source": entry.source, "parameters": rows,
         "resolved": dict(told.resolved), "choice": told.choice}
    ):  # fmt: skip
        return
    click.echo(f"{entry.name}: {entry.summary} ({entry.source})\n")
    cells = []
    for row in rows:
        value = as_given(row["value"])
        if row["name"] in told.resolved:
            value += f" → {as_given(told.resolved[row['name']])}"
        cells.append([row["name"], value, as_given(row["default"]), row["allowed"], row["unit"], row["help"]])
    table(["parameter", "value", "default", "allowed", "unit", "meaning"], cells)
    if told.choice:
        click.echo(f"\n{told.choice}")
