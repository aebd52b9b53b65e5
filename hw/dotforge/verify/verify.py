"""``verify``: the cocotb bench of an engine against its golden model."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import dotforge_golden
from dotforge_sim.simulator import bench

from ..export.design import Generated
from ..tools.files import OutputError, data_directory, write_json
from .benches import bench_directory

__all__ = ["verify"]


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
    The summary: engine, parameters, simulator, seed, tests, vectors, mismatches, sha256 of the Verilog.

    Raises
    ------
    BenchFailure
        A test failed, or nothing was compared.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {directory}: {error.strerror}") from error
    write_json(directory / "manifest.json", generated.manifest)
    found = bench.run(
        generated.verilog,
        generated.top,
        bench_directory(generated.engine),
        f"test_{generated.engine}",
        build_dir=directory,
        simulator=simulator,
        manifest=directory / "manifest.json",
        python_path=[data_directory("tb") / "support", Path(dotforge_golden.__file__).parent.parent],
        seed=seed,
        timeout_seconds=timeout,
        waves=waves,
    )
    counts = {key: value for key, value in asdict(found).items() if not isinstance(value, Path)}
    summary = {
        "engine": generated.engine,
        "parameters": generated.manifest["parameters"],
        "verilog_sha256": generated.manifest["verilog_sha256"],
        **counts,
    }
    write_json(directory / "summary.json", summary)
    return summary
