"""Runs a design with AXI-Stream ports: beats in, beats out, cycle by cycle, at compiled speed.

A manifest names the streams of a design. :class:`Simulator` compiles the Verilog once, with Verilator and a
small C++ harness, and keeps the executable by its hash; each :meth:`Simulator.run` resets the design and
streams arrays through it::

    simulator = Simulator(verilog, manifest)
    out = simulator.run(
        {"weights": Beats(weights), "activations": Beats(activations, last)},
        expect={"sums": 100},
        valid_gap=0.3, ready_gap=0.3, seed=7,
    )
    sums = simulator.unpack("sums", out["sums"].data)["sum"]

The harness drives ports as a correct neighbour does and holds the design to the rules of streams
(``tb/support/stream_rules.py``): nothing is offered in reset, an offered beat must not change or vanish before it is
taken, and valid must not wait for ready. No more beats may come than are expected, and something must move within
``idle_limit`` cycles. Data of inputs is inverted junk while their valid is low.
"""

import resource
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import native, payload, processes, recorder, words
from .harness import Harness
from .joined import Beats, join, parts
from .native import NoVerdict, SimulatorError

__all__ = ["Beats", "Outputs", "Received", "Simulator", "SimulatorError", "StreamError"]


class StreamError(Exception):
    """The design broke a rule of streams, gave too many beats, or stopped moving."""


@dataclass(frozen=True)
class Received:
    """What an output stream gave.

    Attributes
    ----------
    data : uint8[n, ceil(tdata_width / 8)]
    last : bool[n], all false where the stream has no ``tlast``
    cycles : int64[n], the cycle in which each beat was taken
    ports : output port outside of streams → its value in those cycles, as in :mod:`dotforge_sim.simulator.words`
    """

    data: np.ndarray
    last: np.ndarray
    cycles: np.ndarray
    ports: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Outputs:
    """Result of a run; ``outputs["sums"]`` is that stream's :class:`Received`.

    Attributes
    ----------
    streams : name of an output stream → :class:`Received`
    accepted : name of an input stream → int64[n], the cycle in which each beat was taken
    cycles : cycles from the end of reset to the last beat that moved, that one included
    ports : output port outside of streams → its value at the end
    seconds : CPU time of the simulator's process
    """

    streams: dict[str, Received]
    accepted: dict[str, np.ndarray]
    cycles: int
    ports: dict[str, int]
    seconds: float

    def __getitem__(self, name: str) -> Received:
        return self.streams[name]

    @property
    def first(self) -> dict[str, int | None]:
        """Cycle of the first beat of every stream, ``None`` where none moved."""
        stamps = {**self.accepted, **{name: received.cycles for name, received in self.streams.items()}}
        return {name: int(cycles[0]) if len(cycles) else None for name, cycles in stamps.items()}


class Simulator:
    """A compiled design.

    Parameters
    ----------
    verilog : the text
    manifest : its manifest (``top``, ``clock``, ``reset``, ``ports`` and ``streams`` are used)

    Raises
    ------
    ToolMissing, SimulatorError
        See :mod:`dotforge_sim.simulator.native`.
    """

    def __init__(self, verilog: str, manifest: Mapping[str, Any]) -> None:
        self.manifest = manifest
        self._streams = {stream["name"]: stream for stream in manifest["streams"]} | parts(
            manifest["streams"]
        )
        harness = Harness.of(manifest)
        self._inputs, self._outputs = harness.inputs, harness.outputs
        self._constants, self._samples = harness.constants, harness.samples
        self._executable = native.build(harness.sources(verilog))

    def pack(self, stream: str, last: Any = None, /, **fields: Any) -> Beats:
        """Return the beats of an input stream from values of its fields; see :func:`payload.pack`.

        Parameters
        ----------
        stream : name of a stream of the manifest
        last : tlast, a bit a beat (default: never set)
        """
        return Beats(payload.pack(self._streams[stream], fields), None if last is None else np.asarray(last))

    def unpack(self, stream: str, data: np.ndarray) -> dict[str, np.ndarray]:
        """Return the fields of beats of a stream; see :func:`payload.unpack`.

        Parameters
        ----------
        stream : name of a stream of the manifest
        data : uint8[n, bytes of a beat]
        """
        return payload.unpack(self._streams[stream], data)

    def run(
        self,
        inputs: Mapping[str, Beats],
        *,
        expect: Mapping[str, int],
        constants: Mapping[str, int] | None = None,
        seed: int = 1,
        valid_gap: float | Mapping[str, float] = 0.0,
        ready_gap: float | Mapping[str, float] = 0.0,
        reset_cycles: int = 4,
        idle_limit: int = 10_000,
        quiet_cycles: int = 64,
        timeout_seconds: float = 3600,
        progress: Callable[[int, int], None] | None = None,
    ) -> Outputs:
        """Reset the design, stream beats through it, and return what came out.

        Parameters
        ----------
        inputs : stream → beats; streams that are left out stay silent. Those that are joined in another one
            (``joins`` in the manifest) are given as if they were not
        expect : output stream → number of beats. Of a stream that is left out any number is taken
        constants : input port outside of streams → value, held from before reset on (default: 0, of ``tkeep`` ones)
        seed : of the gaps
        valid_gap : probability that a source pauses a cycle before its next beat; of all, or stream → of one
        ready_gap : probability that a sink is not ready in a cycle; such a sink also leaves a quarter of the
            beats waiting until it has seen their valid
        reset_cycles : cycles in reset
        idle_limit : cycles without a beat on any stream after which an unfinished run ends
        quiet_cycles : cycles without a beat that a complete run must end with
        timeout_seconds : limit of the run
        progress : called now and then with the cycles so far and the beats received

        Raises
        ------
        ValueError, TypeError
            Beats, names, constants or probabilities are wrong.
        StreamError
            The design misbehaved.
        SimulatorError
            An assertion failed or the time ran out.
        """
        given, inputs = inputs, join(self._inputs, inputs)
        self._check(inputs, expect, constants or {})
        with processes.scratch() as directory:
            job = [seed, reset_cycles, idle_limit, quiet_cycles]
            for index, stream in enumerate(self._inputs):
                data, last = self._beats(stream, inputs.get(stream["name"]))
                data.tofile(directory / f"input{index}.data")
                last.tofile(directory / f"input{index}.last")
                job += [len(data), _threshold(valid_gap, stream["name"], "valid_gap")]
            for stream in self._outputs:
                job += [expect.get(stream["name"], -1), _threshold(ready_gap, stream["name"], "ready_gap")]
            (directory / "job").write_text(" ".join(map(str, job)))
            # All bytes count.
            kept = {p["name"]: (1 << p["width"]) - 1 for p in self._constants if p["name"].endswith("_tkeep")}
            values = {**kept, **(constants or {})}
            settings = [
                words.to_words(int(values.get(p["name"], 0)), p["width"], p["name"]) for p in self._constants
            ]
            (directory / "constants").write_bytes(b"".join(setting.tobytes() for setting in settings))
            seconds = self._simulate(directory, timeout_seconds, progress)
            found = self._collect(directory, expect, idle_limit, seconds)
        recorder.keep(recorder.Recorded(self.manifest, given, found))
        return found

    def _check(
        self, inputs: Mapping[str, Beats], expect: Mapping[str, int], constants: Mapping[str, int]
    ) -> None:
        for kind, given, known in (
            ("input stream", inputs, [stream["name"] for stream in self._inputs]),
            ("output stream", expect, [stream["name"] for stream in self._outputs]),
            ("input port", constants, [port["name"] for port in self._constants]),
        ):
            if unknown := [name for name in given if name not in known]:
                raise ValueError(f"no {kind} {', '.join(unknown)}; there is {', '.join(known) or 'none'}")
        for name, count in expect.items():
            if count < 0:
                raise ValueError(f"{name}: {count} beats cannot be expected")

    @staticmethod
    def _beats(stream: Mapping[str, Any], beats: Beats | None) -> tuple[np.ndarray, np.ndarray]:
        name, width = stream["name"], stream["tdata_width"]
        size = -(-width // 8)
        if beats is None:
            return np.zeros((0, size), np.uint8), np.zeros(0, np.uint8)
        data = beats.data
        if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != size:
            raise ValueError(f"{name}: beats are uint8[n, {size}], not {data.dtype}{list(data.shape)}")
        if width % 8 and len(data) and int(data[:, -1].max()) >> (width % 8):
            raise ValueError(f"{name}: bits above the {width} of a beat are set")
        if beats.last is None:
            return data, np.zeros(len(data), np.uint8)
        last = np.asarray(beats.last)
        if last.dtype != np.bool_ or last.shape != (len(data),):
            raise ValueError(f"{name}: last is bool[{len(data)}], not {last.dtype}{list(last.shape)}")
        if not stream["tlast"] and last.any():
            raise ValueError(f"{name}: the stream has no tlast")
        return data, last.astype(np.uint8)

    def _simulate(self, directory: Path, limit: float, progress: Callable[[int, int], None] | None) -> float:
        """Run the executable and return the CPU time that it took."""
        log = directory / "errors"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        expired = threading.Event()
        with (
            log.open("w") as errors,
            processes.started(
                [self._executable], cwd=directory, stdout=subprocess.PIPE, stderr=errors
            ) as process,
        ):

            def stop() -> None:
                expired.set()
                process.kill()

            timer = threading.Timer(limit, stop)
            timer.start()
            said: list[str] = []
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    if not line.startswith("progress "):
                        said.append(line)
                    elif progress is not None:
                        cycles, beats = map(int, line.split()[1:])
                        progress(cycles, beats)
                process.wait()
            finally:
                timer.cancel()
        top = self.manifest["top"]
        if expired.is_set():
            raise NoVerdict(f"{top}: the simulation did not end within {limit:g} s")
        if process.returncode:
            text = ("".join(said) + log.read_text(errors="replace")).strip() or f"exit {process.returncode}"
            # The harness ends with 3 when an assertion of the design failed.
            kind = SimulatorError if process.returncode == 3 else NoVerdict
            raise kind(f"{top}: the simulation stopped: {text[:500]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def _collect(
        self, directory: Path, expect: Mapping[str, int], idle_limit: int, seconds: float
    ) -> Outputs:
        status, culprit, cycle, cycles = (directory / "result").read_text().split()
        accepted, streams = {}, {}
        row = sum(words.stride(port["width"]) for port in self._samples)
        for index, stream in enumerate(self._inputs):
            accepted[stream["name"]] = np.fromfile(directory / f"input{index}.cycles", np.int64)
            accepted |= {name: accepted[stream["name"]] for name in parts([stream])}
        for index, stream in enumerate(self._outputs):
            stem = directory / f"output{index}"
            data = np.fromfile(f"{stem}.data", np.uint8).reshape(-1, -(-stream["tdata_width"] // 8))
            last = np.fromfile(f"{stem}.last", np.bool_)
            samples = np.fromfile(f"{stem}.samples", np.uint8).reshape(len(data), row)
            streams[stream["name"]] = Received(
                data, last, np.fromfile(f"{stem}.cycles", np.int64), self._split_samples(samples)
            )
        if status == "reset":
            raise StreamError(f"{self._outputs[int(culprit)]['name']}: valid is high in reset")
        if status == "changed":
            name = self._outputs[int(culprit)]["name"]
            raise StreamError(
                f"{name}: in cycle {cycle} an offered beat changed or vanished before it was taken"
            )
        if status == "surplus":
            name = self._outputs[int(culprit)]["name"]
            raise StreamError(f"{name}: in cycle {cycle} came a beat beyond the {expect[name]} expected ones")
        if status == "idle":
            took = [f"{name} took {len(stamps)}" for name, stamps in accepted.items()]
            gave = [
                f"{name} gave {len(received.data)}" + (f" of {expect[name]}" if name in expect else "")
                for name, received in streams.items()
            ]
            raise StreamError(
                f"nothing moved for {idle_limit} cycles after cycle {cycles}: {', '.join(took + gave)} beats"
            )
        ends = self._split_samples(np.fromfile(directory / "samples", np.uint8).reshape(1, row))
        ports = {p["name"]: words.to_integers(ends[p["name"]], p["width"])[0] for p in self._samples}
        return Outputs(streams, accepted, int(cycles), ports, seconds)

    def _split_samples(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        columns, position = {}, 0
        for port in self._samples:
            size = words.stride(port["width"])
            column = np.ascontiguousarray(rows[:, position : position + size])
            position += size
            narrow = port["width"] <= 64
            columns[port["name"]] = column.view(words.dtype_of(port["width"]))[:, 0] if narrow else column
        return columns


def _threshold(gap: float | Mapping[str, float], name: str, what: str) -> int:
    """Return a probability in units of 2^-32."""
    value = gap.get(name, 0.0) if isinstance(gap, Mapping) else gap
    if not 0 <= value < 1:
        raise ValueError(f"{what}: a probability from 0 to below 1 is wanted, not {value}")
    return round(value * (1 << 32))
