"""The main job: every engine in its default configuration, written, verified, synthesized, in one table.

Run as ``python -m dotforge.delivery.overview -o DIR``.
"""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import click

from dotforge_sim.simulator.processes import follow_parent

from ..console import say, table
from ..export.design import from_parameters, load
from ..outcome import end_on_error
from ..parameters import as_given
from ..registry import engines
from ..reports.baseline import hierarchy_mode
from ..synthesis import evidence
from ..synthesis.synth import synthesize
from ..tools.run_record import run_record
from ..verify.verify import verify
from .generate import generate

__all__ = ["engine_row", "main"]


def engine_row(name: str, directory: Path) -> dict[str, Any]:
    """Generate, verify and synthesize the default configuration of an engine into a directory.

    Parameters
    ----------
    name : of the engine
    directory : where its files go

    Returns
    -------
    The row of the table; what is verified and what is synthesized is the file that was generated.
    """
    with run_record("synth", directory / "cmos.json") as record:
        generate(from_parameters(name, {}), directory)
        generated = load(directory)
        record.start(engine=name, verilog_sha256=generated.manifest["verilog_sha256"])
        say(f"{name}: verifying")
        summary = verify(generated, directory / "verify")
        say(f"{name}: synthesizing")
        report = synthesize(generated, mode=hierarchy_mode(generated))
        record.content = evidence.attach(report, directory / "verify" / "summary.json")
    return {
        "engine": name,
        "parameters": " ".join(
            f"{key}={as_given(value)}" for key, value in generated.manifest["parameters"].items()
        ),
        "vectors": summary["vectors"],
        "mismatches": summary["mismatches"],
        "hierarchy": report["options"]["hierarchy"],
        "transistors": report["totals"]["transistors"],
        "registers": report["totals"]["registers"],
        "latency": generated.manifest["latency"],
        "initiation interval": generated.manifest["initiation_interval"],
    }


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
def main(output: Path) -> None:
    """Write, verify and synthesize the default configuration of every engine."""
    names = list(engines())
    with run_record("overview", output / "overview.json", names=()) as record:
        record.start()
        with multiprocessing.Pool(
            min(len(names), os.cpu_count() or 1), initializer=follow_parent, initargs=(os.getpid(),)
        ) as pool:
            rows = pool.starmap(engine_row, [(name, output / name) for name in names], chunksize=1)
        record.content["engines"] = rows
    table(list(rows[0]), [list(row.values()) for row in rows])


if __name__ == "__main__":
    sys.exit(end_on_error(main))
