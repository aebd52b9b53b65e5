"""What happened at the ports of a design while its bench ran: the material of waveform pictures and golden vectors.

The bench compares every result with golden, so what it recorded is right.
"""

import itertools
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

__all__ = ["BUSY", "Beat", "Cycle", "Recording", "record"]

#: The variant of a bench's tests that drives without pauses; every bench has one.
BUSY = r"idle=0(\.0)?/backpressure=0(\.0)?$"


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


def record(generated: Generated, *, timeout: float = 600) -> Recording:
    """Run the bench's tests without pauses on Verilator, and return the longest run of the first of them.

    A recording is kept with the simulators, by Verilog and bench.

    Raises
    ------
    BenchFailure
        The bench failed: what it did is not golden.
    ToolMissing, SimulatorError
        There is no simulator, or it refuses the Verilog.
    """
    directory = data_directory("tb")
    sources = sorted([*(directory / generated.engine).glob("*.py"), *(directory / "support").glob("*.py")])
    golden = sorted(Path(dotforge_golden.__file__).parent.glob("*.py"))
    name = "recording-" + cache.digest(
        generated.verilog,
        generated.manifest,
        *(path.read_text(encoding="utf-8") for path in (*sources, *golden)),
    )

    def make(scratch: Path) -> None:
        with processes.scratch() as build:
            manifest = build / "manifest.json"
            manifest.write_text(json.dumps(generated.manifest), encoding="utf-8")
            result = bench.run(
                generated.verilog,
                generated.top,
                directory / generated.engine,
                f"test_{generated.engine}",
                build_dir=build,
                manifest=manifest,
                python_path=[Path(dotforge_golden.__file__).parent.parent],
                env={"DOTFORGE_BENCH_RECORD": str(scratch / "cycles"), "COCOTB_TEST_FILTER": BUSY},
                timeout_seconds=timeout,
            )
        facts = {"simulator": result.simulator, "seed": result.seed}
        (scratch / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    entry = cache.entry(name, make)
    facts = json.loads((entry / "facts.json").read_text(encoding="utf-8"))
    return _read((entry / "cycles").read_text(encoding="utf-8"), facts)


def _read(text: str, facts: Mapping[str, Any]) -> Recording:
    runs: list[list[Cycle]] = []
    for line in text.splitlines():
        found = json.loads(line)
        if "run" in found:
            runs.append([])
        else:
            runs[-1].append(_cycle(found))
    # A test may start its bench several times; a reset in the middle would mix what came before and after.
    whole = [run for run in runs if run and not _resets_again(run)]
    if not whole:
        raise BenchFailure("the bench recorded no run with a single reset")
    longest = max(whole, key=len)
    # The recorder stops after a number of cycles (see tb/support/recorder.py).
    return Recording(tuple(longest), len(longest) < 3000, facts["simulator"], facts["seed"])


def _cycle(found: Mapping[str, Any]) -> Cycle:
    streams = {
        name: Beat(bool(valid), bool(ready), bool(last), int(data, 16))
        for name, (valid, ready, last, data) in found["streams"].items()
    }
    ports = {name: value for name, value in found["ports"].items() if value is not None}
    return Cycle(found["reset"] != 0, streams, ports)


def _resets_again(run: list[Cycle]) -> bool:
    resets = [cycle.reset for cycle in run]
    return any(later and not earlier for earlier, later in itertools.pairwise(resets))
