"""What happened at the ports of a design while its bench ran: the material of waveform pictures and golden vectors.

The bench compares every result with golden, so what it recorded is right.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dotforge_golden
from dotforge_sim.simulator import bench, cache, processes
from dotforge_sim.simulator.bench import BenchFailure

from ..export.design import Generated
from ..tools.files import data_directory
from .benches import bench_directory, bench_module

__all__ = ["Beat", "Cycle", "Recording", "record", "recorded_run"]


@dataclass(frozen=True)
class Beat:
    """State of a stream in a cycle: handshake wires and tdata."""

    valid: bool
    ready: bool
    last: bool
    data: int

    @property
    def moves(self) -> bool:
        """Whether the beat is taken at the end of the cycle."""
        return self.valid and self.ready


@dataclass(frozen=True)
class Cycle:
    """A clock cycle: reset, streams by name, and the other ports by name."""

    reset: bool
    streams: dict[str, Beat]
    ports: dict[str, int]


@dataclass(frozen=True)
class Recording:
    """A run of a bench without pauses.

    Attributes
    ----------
    cycles : from the first clock edge on
    complete : whether the run ended before the recorder did
    simulator, seed : of the run
    """

    cycles: tuple[Cycle, ...]
    complete: bool
    simulator: str
    seed: int

    def beats(self, stream: str) -> list[tuple[int, Beat]]:
        """Return cycle and content of every beat of a stream that was taken."""
        return [
            (number, cycle.streams[stream])
            for number, cycle in enumerate(self.cycles)
            if not cycle.reset and cycle.streams[stream].moves
        ]

    @property
    def first(self) -> int:
        """Return the first cycle in which a beat moves."""
        moving = (
            number
            for number, cycle in enumerate(self.cycles)
            if not cycle.reset and any(beat.moves for beat in cycle.streams.values())
        )
        return next(moving, 0)


def recorded_run(
    verilog: str,
    generated: Generated,
    build_dir: Path,
    *,
    cycles: Path | None = None,
    timeout: float = 600,
    waves: bool = False,
) -> bench.BenchResult:
    """Run what a bench says is to be recorded (``tb/support/recorded_run.py``): work without pauses, and no other test.

    Parameters
    ----------
    verilog : of the design, or a netlist of it
    generated : whose bench runs
    build_dir : where log, waveform, ``manifest.json`` and ``vectors.json`` (what was counted) go
    cycles : file for what happens at the ports
    timeout : seconds
    waves : also write ``dump.vcd``

    Raises
    ------
    BenchFailure
        The bench failed.
    ToolMissing, SimulatorError
        There is no simulator, or it refuses the Verilog.
    """
    benches = data_directory("tb")
    manifest = build_dir / "manifest.json"
    manifest.write_text(json.dumps(generated.manifest, allow_nan=False), encoding="utf-8")
    record = {} if cycles is None else {"DOTFORGE_BENCH_RECORD": str(cycles)}
    return bench.run(
        verilog,
        generated.top,
        benches / "support",
        "recorded_run",
        build_dir=build_dir,
        manifest=manifest,
        python_path=[bench_directory(generated.engine), Path(dotforge_golden.__file__).parent.parent],
        env={"DOTFORGE_BENCH": bench_module(generated.manifest), **record},
        timeout_seconds=timeout,
        waves=waves,
    )


def record(generated: Generated, *, timeout: float = 600) -> Recording:
    """Record a bench's run on Verilator; see :func:`recorded_run`.

    A recording is kept with the simulators, by Verilog and bench.

    Parameters
    ----------
    generated : the engine
    timeout : seconds

    Raises
    ------
    BenchFailure
        The bench failed: what it did is not golden.
    ToolMissing, SimulatorError
        There is no simulator, or it refuses the Verilog.
    """
    directory = data_directory("tb")
    sources = sorted([*bench_directory(generated.engine).glob("*.py"), *(directory / "support").glob("*.py")])
    golden = sorted(Path(dotforge_golden.__file__).parent.glob("*.py"))
    name = "recording-" + cache.digest(
        generated.verilog,
        generated.manifest,
        *(path.read_text(encoding="utf-8") for path in (*sources, *golden)),
    )

    def make(scratch: Path) -> None:
        with processes.scratch() as build:
            result = recorded_run(
                generated.verilog, generated, build, cycles=scratch / "cycles", timeout=timeout
            )
        facts = {"simulator": result.simulator, "seed": result.seed}
        (scratch / "facts.json").write_text(json.dumps(facts, allow_nan=False), encoding="utf-8")

    entry = cache.entry(name, make)
    facts = json.loads((entry / "facts.json").read_text(encoding="utf-8"))
    return _read((entry / "cycles").read_text(encoding="utf-8"), facts)


def _read(text: str, facts: Mapping[str, Any]) -> Recording:
    head, *lines = map(json.loads, text.splitlines())
    cycles = tuple(map(_cycle, lines))
    if not any(not cycle.reset for cycle in cycles):
        raise BenchFailure("the bench recorded nothing: its recorded run starts no bench with recorded=True")
    return Recording(cycles, len(cycles) < head["limit"], facts["simulator"], facts["seed"])


def _cycle(found: Mapping[str, Any]) -> Cycle:
    streams = {
        name: Beat(bool(valid), bool(ready), bool(last), int(data, 16))
        for name, (valid, ready, last, data) in found["streams"].items()
    }
    ports = {name: value for name, value in found["ports"].items() if value is not None}
    return Cycle(found["reset"] != 0, streams, ports)
