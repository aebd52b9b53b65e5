"""``dotforge sweep``: reports of many configurations."""

import os
from pathlib import Path
from typing import Any

import click

from ..console import progress, say, table
from ._shared import JsonPlace, engine_argument, json_option
from ._targets import target_options


class _Values(click.ParamType):
    """``name=value,value,…``."""

    name = "k=v,v…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, list[str]]:
        name, equals, text = str(value).partition("=")
        given = [each.strip() for each in text.split(",")]
        if not equals or not name or not all(given):
            self.fail(f"{value!r} is not of the form name=value,value,…", param, ctx)
        return name, list(dict.fromkeys(given))


@click.command(
    "sweep",
    epilog="Example: dotforge sweep logmac -p lanes=16,32,64 -p fold_sign=false,true --target ecp5 -o build/sweep",
)
@engine_argument
@click.option("-p", "axes", type=_Values(), multiple=True,
              help="A parameter and the values it takes, name=value,value,…: every combination is run. "
                   "With --list it holds for every configuration of the list. Repeatable.")  # fmt: skip
@click.option("--list", "listed", type=click.Path(path_type=Path),
              help="File with configurations: a JSON list of objects, or CSV with a column a parameter.")  # fmt: skip
@target_options
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True,
              help="Directory for reports, tables and page; one of an earlier sweep goes on where it was.")  # fmt: skip
@click.option("-j", "--jobs", "parallel", type=click.IntRange(1, 1024), default=os.cpu_count() or 1,
              show_default="all cores", help="Processes at the same time.")  # fmt: skip
@click.option("--dask", "address", metavar="ADDRESS",
              help="Run on the workers of this Dask scheduler instead, as in tcp://host:8786.")  # fmt: skip
@click.option("--with", "others", type=click.Path(path_type=Path), multiple=True, metavar="REPORT",
              help="A report, as of `dotforge import`, or a directory of them, that stands in tables and page too. "
                   "Repeatable.")  # fmt: skip
@click.option("--skip-invalid", is_flag=True, help="Leave out combinations that the engine does not allow.")
@json_option
def command(
    engine: str,
    axes: tuple[tuple[str, list[str]], ...],
    listed: Path | None,
    target_name: str,
    chosen: dict[str, Any],
    output: Path,
    parallel: int,
    address: str | None,
    others: tuple[Path, ...],
    skip_invalid: bool,
    as_json: JsonPlace,
) -> int:
    """Synthesize a grid or a list of configurations, in parallel, into tables and an HTML page.

    Reports that are there already, made by the same dotforge, tools and options, are not made again. Exit 1
    when a configuration failed; the others are reported.
    """
    from ..parameters import as_given  # noqa: PLC0415
    from ..reports.report_files import read_reports  # noqa: PLC0415
    from ..reports.sweep import sweep, table_rows  # noqa: PLC0415
    from ..reports.sweep_jobs import from_file, grid, jobs  # noqa: PLC0415
    from ..reports.sweep_run import dask, here  # noqa: PLC0415
    from ..synthesis.targets import Settings, check, target  # noqa: PLC0415
    from ..tools.yosys import installed  # noqa: PLC0415

    check(target(target_name), chosen)
    names = [name for name, _ in axes]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"parameter {name} is given {names.count(name)} times")
    configurations: list[dict[str, Any]] = [dict(each) for each in grid(dict(axes))]
    if listed is not None:
        rows = from_file(listed)
        if twice := [name for name in names if any(name in row for row in rows)]:
            raise click.UsageError(f"parameter {twice[0]} is given by -p and in {listed}")
        configurations = [{**each, **given} for given in rows for each in configurations]
    settings = Settings(**{"yosys": installed(), **chosen})
    run = dask(address) if address else here(parallel)
    todo, refused = jobs(engine, configurations, target_name, settings, skip=skip_invalid)
    given = {file: report for path in others for file, report in read_reports(path).reports.items()}
    for reason in refused:
        say(f"left out: {reason}")
    with progress(f"{engine} on {target_name}: configurations") as tell:
        result = sweep(todo, output, run, tell, given)
    rows = table_rows([*result.reports, *result.others])
    told = as_json.tells(
        {
            "directory": str(output),
            "results": rows,
            "reused": result.reused,
            "failures": [{"parameters": parameters, "error": error} for parameters, error in result.failures],
            "files": [str(file) for file in result.files],
        }
    )
    if rows and not told:
        fixed = {name for name in rows[0] if len({str(row[name]) for row in rows}) == 1 and len(rows) > 1}
        columns = [name for name in rows[0] if name not in fixed and name != "verilog_sha256"]
        if len(rows) == 1:  # all of its columns beside each other fit no terminal
            table(["", "value"], [[name, rows[0][name]] for name in columns])
        else:
            table(columns, [[row[name] for name in columns] for row in rows])
    for parameters, error in result.failures:
        text = " ".join(f"{name}={as_given(value)}" for name, value in parameters.items())
        say(f"failed: {text}: {error}")
    say(
        f"{len(result.reports)} reports ({result.reused} of them from before), {len(result.failures)} failed; "
        + ", ".join(map(str, result.files))
    )
    return 1 if result.failures else 0
