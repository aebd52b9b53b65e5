"""``verify``: the cocotb bench of an engine against its golden model."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import dotforge_golden
from dotforge_sim.simulator import bench
from dotforge_sim.simulator.bench import BenchFailure, BenchResult

from ..export.design import Generated
from ..tools.files import data_directory, write_json
from ..tools.run_record import run_record
from .benches import bench_directory, bench_module

__all__ = ["verify"]

#: Files of every run, beside the simulator and the summary.
_FILES = ("manifest.json", "results.xml", "bench.log", "vectors.json")


def verify(
    generated: Generated,
    directory: Path,
    *,
    simulator: str = "verilator",
    seed: int = 1,
    timeout: float = 600,
    waves: bool = False,
) -> dict[str, Any]:
    """Run the bench and keep JUnit results, log and summary.

    Parameters
    ----------
    generated : Verilog and manifest
    directory : where ``results.xml``, ``bench.log`` and ``summary.json`` go
    simulator : ``verilator`` or ``icarus``
    seed : of all random numbers
    timeout : seconds
    waves : also write a waveform

    Returns
    -------
    The summary: engine, parameters, simulator, seed, tests, vectors, mismatches, sha256 of the Verilog. It is the
    record of the run: where that fails, it says so.

    Raises
    ------
    BenchFailure
        A test failed, or nothing was compared.
    OutputError
        The directory cannot be written, or holds files of these names that no earlier run wrote.
    """
    top, facts = generated.top, generated.manifest
    waveform = "dump.vcd" if simulator == "verilator" else f"{top}.fst"
    names = [*_FILES, top if simulator == "verilator" else "sim.vvp", *([waveform] if waves else [])]
    with run_record("verify", directory / "summary.json", names=names) as record:
        record.start(
            engine=generated.engine,
            parameters=facts["parameters"],
            verilog_sha256=facts["verilog_sha256"],
            simulator=simulator,
            seed=seed,
        )
        write_json(directory / "manifest.json", facts)
        try:
            found = bench.run(
                generated.verilog,
                top,
                bench_directory(generated.engine),
                bench_module(facts),
                build_dir=directory,
                simulator=simulator,
                manifest=directory / "manifest.json",
                python_path=[data_directory("tb") / "support", Path(dotforge_golden.__file__).parent.parent],
                seed=seed,
                timeout_seconds=timeout,
                waves=waves,
            )
        except BenchFailure as failure:
            if failure.result is not None:
                record.content |= _counts(failure.result)
            raise
        record.content |= _counts(found)
        return record.end()


def _counts(found: BenchResult) -> dict[str, Any]:
    return {key: value for key, value in asdict(found).items() if not isinstance(value, Path)}
