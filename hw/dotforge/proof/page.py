"""The tables of ``docs/verification.md``, from what the commands of this package wrote.

Run as ``python -m dotforge.proof.page -o FILE --formal FILE --cells FILE --mutants DIR --variants FILE --soak DIR``
after `make formal`, `make cells`, `make mutate`, `make variants` and `make soak`: it gathers their records in one file
and prints the tables. A test compares the page with that file, and the file's hashes with the Verilog.
"""

import sys
from pathlib import Path
from typing import Any

import click

from ..outcome import end_on_error
from ..pictures import markdown
from ..tools.files import OutputError, read_json, write_json
from .formal import FOR_EVER
from .mutate import counted
from .rules import READY
from .soak import summary
from .variants import VARIANTS

__all__ = ["gathered", "main", "table"]


#: What the table calls the variants.
HEADS = ("vectors on cmos", "ECP5", "NanGate45", "registers unknown", "registers at random")


def gathered(formal: Path, cells: Path, mutants: Path, variants: Path, soak: Path) -> dict[str, Any]:
    """Return what the page shows.

    Parameters
    ----------
    formal : record of ``dotforge.proof.formal``
    cells : record of ``dotforge.proof.cells``
    mutants : directory of the records of ``dotforge.proof.mutate``
    variants : record of ``dotforge.proof.variants``
    soak : directory of ``dotforge.proof.soak``

    Raises
    ------
    OutputError
        There is no record of a finished run of mutants.
    """
    rows = []
    for path in sorted(mutants.glob("*.json")):
        record = read_json(path)
        if all(each["tried"] and (each["killed_by"] or each["verdict"]) for each in record["mutants"]):
            found = counted(record)
            rows.append(
                {
                    "subject": record["subject"],
                    "seed": record["seed"],
                    "verilog": record["verilog_sha256"],
                    "mutants": found.mutants,
                    "same": found.same,
                    "bounded": found.bounded,
                    "killed": found.killed,
                    "survivors": [
                        [each["module"], each["kind"], each["verdict"]] for each in found.survivors
                    ],
                }
            )
    if not rows:
        raise OutputError(f"{mutants} holds no finished record of mutants")
    return {
        "formal": read_json(formal),
        "cells": read_json(cells),
        "mutants": rows,
        "variants": sorted(read_json(variants), key=lambda each: (each["engine"], each["variant"])),
        "soak": summary(soak),
    }


def table(found: dict[str, Any]) -> str:
    """Return the tables as Markdown.

    Parameters
    ----------
    found : of :func:`gathered`
    """
    parts = [
        _proofs(found["formal"]),
        _cells(found["cells"]),
        _mutants(found["mutants"]),
        _variants(found["variants"]),
        _soak(found["soak"]),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _proofs(records: list[dict[str, Any]]) -> list[str]:
    rows = []
    for record in records:
        owed = {rule: verdict for rule, verdict in record["rules"].items() if not rule.endswith(READY)}
        forever = sum(verdict == FOR_EVER for verdict in owed.values())
        others = [f"{rule}: {verdict}" for rule, verdict in owed.items() if verdict != FOR_EVER]
        ready = [
            rule.removesuffix(READY)
            for rule, verdict in record["rules"].items()
            if rule.endswith(READY) and verdict != "low"
        ]
        rows.append([record["subject"], f"{forever} of {len(owed)}", "; ".join(others), ", ".join(ready)])
    heads = ["engine", "proven for ever", "others", "inputs that may be ready in reset"]
    return markdown.table(heads, rows, align="l")


def _mutants(records: list[dict[str, Any]]) -> list[str]:
    rows = []
    for record in records:
        rest = record["mutants"] - record["same"] - record["bounded"]
        where: dict[str, int] = {}
        for module, _, _ in record["survivors"]:
            where[module] = where.get(module, 0) + 1
        rows.append(
            [
                record["subject"],
                str(record["mutants"]),
                str(record["same"]),
                str(record["bounded"]),
                str(record["killed"]),
                f"{100 * record['killed'] / rest:.1f} %",
                ", ".join(f"{module} {count}" for module, count in sorted(where.items())),
            ]
        )
    heads = ["design", "mutants", "proven the same", "same in 40 cycles", "killed", "kill rate", "survivors"]
    return markdown.table(heads, rows)


def _cells(records: list[dict[str, Any]]) -> list[str]:
    heads = ["cell", "all inputs of", "verdict"]
    return markdown.table(
        heads, [[each["cell"], each["inputs"], each["verdict"]] for each in records], align="l"
    )


def _variants(records: list[dict[str, Any]]) -> list[str]:
    """Return a row an engine: cells of each netlist, and vectors of each bench."""
    rows = []
    for engine in sorted({each["engine"] for each in records}):
        own = {each["variant"]: each["runs"] for each in records if each["engine"] == engine}
        rows.append([engine, *(_ran(own.get(variant, [])) for variant in VARIANTS)])
    return markdown.table(["engine", *HEADS], rows)


def _ran(runs: list[dict[str, Any]]) -> str:
    if not runs:
        return "not run"
    if told := [run["failure"] or run["skipped"] for run in runs if run["failure"] or run["skipped"]]:
        return told[0]
    found = f"{sum(run['vectors'] for run in runs):,}"
    cells = runs[0]["cells"]
    return found + (f" ({cells:,} cells)" if cells else f" ({len(runs)} seeds)" if len(runs) > 1 else "")


def _soak(rows: list[dict[str, Any]]) -> list[str]:
    heads = ["engine", "runs", "configurations", "cycles", "vectors", "unfinished", "failures"]
    return markdown.table(
        heads, [[f"{row[name]:,}" if name != "engine" else row[name] for name in heads] for row in rows]
    )


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="file of all that is gathered"
)
@click.option("--formal", type=click.Path(path_type=Path), required=True)
@click.option("--cells", type=click.Path(path_type=Path), required=True)
@click.option("--mutants", type=click.Path(path_type=Path), required=True)
@click.option("--variants", type=click.Path(path_type=Path), required=True)
@click.option("--soak", type=click.Path(path_type=Path), required=True)
def main(output: Path, formal: Path, cells: Path, mutants: Path, variants: Path, soak: Path) -> None:
    """Gather the records, and print the tables."""
    found = gathered(formal, cells, mutants, variants, soak)
    write_json(output, found)
    click.echo(table(found))


if __name__ == "__main__":
    sys.exit(end_on_error(main))
