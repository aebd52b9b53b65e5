"""AXI-Stream drivers for benches: a source and a sink per port, with random pauses, and payload packing."""

import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotb.types import Logic, LogicArray
from cocotb.utils import get_sim_time
from coverage_bins import StreamCoverage, hit
from recorder import record
from stream_rules import BrokenRule, StreamRules

__all__ = ["Beat", "Bench", "Payload", "payloads"]

#: Clock period of all benches, in ns.
PERIOD = 10

#: Whether data are unknown while their valid is low.
_UNKNOWN = bool(os.environ.get("DOTFORGE_BENCH_UNKNOWN"))

#: Of the beats of a sink with backpressure, how many it waits for before it becomes ready.
WAITING = 0.25


@dataclass(frozen=True)
class Beat:
    """A transfer: ``cycle`` is that of the clock edge that took it; ``kept`` whether its bytes count (``tkeep``).

    Bits of ``data`` are zero where a field's flag (``when`` in the manifest) says that it means nothing.
    """

    data: int
    last: bool
    cycle: int
    kept: bool = True


class Payload:
    """Packs and unpacks the fields of one stream, as its manifest describes them."""

    def __init__(self, stream: dict[str, Any]) -> None:
        self.fields = {field["name"]: field for field in stream["fields"]}

    def pack(self, **values: int | Sequence[int]) -> int:
        """Return tdata; a field with one lane takes an integer, others a sequence with all lanes."""
        data = 0
        for name, value in values.items():
            field = self.fields[name]
            width, lanes = field["width"], field["lanes"]
            each = [int(value)] if isinstance(value, int) else [int(lane) for lane in value]
            low, high = (-(1 << width - 1), 1 << width - 1) if field["signed"] else (0, 1 << width)
            assert len(each) == lanes, f"{name}: {len(each)} values for {lanes} lanes"
            assert all(low <= lane < high for lane in each), f"{name}: {each} does not fit {width} bits"
            for index, lane in enumerate(each):
                data |= (lane & ((1 << width) - 1)) << (field["offset"] + index * width)
        return data

    def lanes(self, data: int, name: str) -> list[int]:
        """Return all lanes of a field."""
        field = self.fields[name]
        width, sign = field["width"], 1 << field["width"] - 1
        lanes = [data >> field["offset"] + lane * width & (1 << width) - 1 for lane in range(field["lanes"])]
        return [lane - 2 * sign if field["signed"] and lane & sign else lane for lane in lanes]

    def unpack(self, data: int, name: str) -> int:
        """Return a field of one lane."""
        (lane,) = self.lanes(data, name)
        return lane


def payloads(manifest: dict[str, Any]) -> dict[str, Payload]:
    """Return the payload of every stream of a manifest, and of every one that is joined in another."""
    streams = [
        *manifest["streams"],
        *(part for stream in manifest["streams"] for part in stream.get("joins", ())),
    ]
    return {stream["name"]: Payload(stream) for stream in streams}


class Bench:
    """Clock, reset, and a source or sink for every stream of a manifest.

    Sinks check the rules of streams (:mod:`stream_rules`). With backpressure they are not ready now and then, and
    some beats they wait for before they become ready, as a neighbour may. Data of a source that pauses is inverted
    junk; where ``DOTFORGE_BENCH_UNKNOWN`` is set, on a simulator that knows it, all bits of it are unknown.

    Parameters
    ----------
    dut : the simulated module
    manifest : its description
    idle, backpressure : probability that a source pauses before a beat, that a sink is not ready
    """

    def __init__(
        self, dut: Any, manifest: dict[str, Any], *, idle: float = 0.0, backpressure: float = 0.0
    ) -> None:
        self.dut, self.manifest, self.idle, self.backpressure = dut, manifest, idle, backpressure
        self.clock, self.reset = getattr(dut, manifest["clock"]), getattr(dut, manifest["reset"])
        self.streams = {stream["name"]: stream for stream in manifest["streams"]}
        self.payloads = payloads(manifest)
        self.random = random.Random(cocotb.RANDOM_SEED)
        self.coverage = {name: StreamCoverage(stream) for name, stream in self.streams.items()}
        hit("reset while something is sent", 0)
        self.received: dict[str, list[Beat]] = {}
        self.sent: dict[str, list[Beat]] = {name: [] for name in self.streams}
        # Streams that are joined in another one: its name, and what has been sent of the beats of each.
        self._joined = {
            part["name"]: stream for stream in self.streams.values() for part in stream.get("joins", ())
        }
        self._parts: dict[str, list[tuple[int, bool]]] = {}
        self.sent |= {part: self.sent[stream["name"]] for part, stream in self._joined.items()}
        self._tasks: list[Any] = []

    async def start(self, *, recorded: bool = False) -> None:
        """Drive every input, start the clock, reset, start the sinks.

        Parameters
        ----------
        recorded : write what happens at the ports into the file that ``DOTFORGE_BENCH_RECORD`` names, if it does
            (:mod:`recorder`)
        """
        cocotb.start_soon(Clock(self.clock, PERIOD, unit="ns").start())
        if recorded:
            record(self.dut, self.manifest)
        await self._reset(3)

    async def restart(self) -> None:
        """Reset in the middle of whatever happens: sources and sinks forget what they were doing."""
        if any(not task.done() for task in self._tasks[len(self.received) :]):
            hit("reset while something is sent")
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._parts.clear()
        await self._reset(2)

    async def _reset(self, cycles: int) -> None:
        """Hold the reset; after its first edge nothing is offered, and every handshake is known."""
        for stream in self.streams.values():
            if stream["direction"] == "input":
                self._set(stream, tvalid=0, tdata=0, **({"tlast": 0} if stream["tlast"] else {}))
                if stream.get("tkeep"):
                    self._set(stream, tkeep=(1 << stream["tdata_width"] // 8) - 1)
            else:
                self._set(stream, tready=0)
        for name in self._others():
            getattr(self.dut, name).value = 0
        self.reset.value = 1
        await ClockCycles(self.clock, cycles)
        for name, stream in self.streams.items():
            if stream["direction"] == "output":
                valid = getattr(self.dut, stream["prefix"] + "_tvalid")
                StreamRules(stream).edge(str(valid.value), False, "0", "0", reset=True)
            elif (ready := str(getattr(self.dut, stream["prefix"] + "_tready").value)) not in ("0", "1"):
                raise BrokenRule(f"{name}: tready is {ready} in reset")
        self.reset.value = 0
        for name, stream in self.streams.items():
            if stream["direction"] == "output":
                self.received[name] = []
                self._tasks.append(cocotb.start_soon(self._sink(name)))

    def _others(self) -> list[str]:
        """Return the inputs that are of no stream: they are held at 0 unless a bench drives them."""
        prefixes = tuple(stream["prefix"] + "_t" for stream in self.streams.values())
        clocks = (self.manifest["clock"], self.manifest["reset"])
        return [
            port["name"]
            for port in self.manifest["ports"]
            if port["direction"] == "input"
            and port["name"] not in clocks
            and not port["name"].startswith(prefixes)
        ]

    def send(self, name: str, beats: Iterable[tuple[int, bool]]) -> Any:
        """Queue beats of (tdata, tlast) on an input; returns the task.

        Of streams that are joined in one (``joins`` in the manifest) the beats are put together, and sent when all
        have been given: there is no task before.

        Raises
        ------
        AssertionError
            They are not as many of each.
        """
        if (stream := self._joined.get(name)) is not None:
            self._parts[name] = list(beats)
            parts = stream["joins"]
            if any(part["name"] not in self._parts for part in parts):
                return None
            given = [self._parts.pop(part["name"]) for part in parts]
            counts = [len(each) for each in given]
            assert len(set(counts)) == 1, f"{stream['name']}: {counts} beats of its parts"
            name = stream["name"]
            beats = [
                (
                    sum(data << part["offset"] for part, (data, _) in zip(parts, each, strict=True)),
                    any(last for _, last in each),
                )
                for each in zip(*given, strict=True)
            ]
        task = cocotb.start_soon(self._source(name, beats))
        self._tasks.append(task)
        return task

    async def wait_for(self, name: str, count: int, *, limit: int = 5_000) -> list[Beat]:
        """Wait until an output has given ``count`` beats; fail after ``limit`` cycles without one."""
        silent, seen = 0, 0
        while len(self.received[name]) < count:
            await RisingEdge(self.clock)
            silent = 0 if len(self.received[name]) > seen else silent + 1
            seen = len(self.received[name])
            assert silent < limit, f"{name}: {seen} of {count} beats, then none for {limit} cycles" + (
                ": does tvalid wait for tready?" if self.backpressure else ""
            )
        return self.received[name]

    async def settle(self, cycles: int = 20) -> None:
        """Let some cycles pass."""
        await ClockCycles(self.clock, cycles)

    async def _source(self, name: str, beats: Iterable[tuple[int, bool]]) -> None:
        stream = self.streams[name]
        ready = getattr(self.dut, stream["prefix"] + "_tready")
        everything = (1 << stream["tdata_width"]) - 1
        coverage = self.coverage[name]
        for data, last in beats:
            while self.random.random() < self.idle:
                self._set(stream, tvalid=0, **self._junk(stream, data ^ everything, int(not last)))
                await RisingEdge(self.clock)
                coverage.quiet()
            self._set(stream, tvalid=1, tdata=data, **({"tlast": int(last)} if stream["tlast"] else {}))
            if stream.get("short_beats") and self.idle:
                self._shorten(stream, data)
            await RisingEdge(self.clock)
            while (taken := str(ready.value)) != "1":
                if taken != "0":
                    raise BrokenRule(f"{name}: tready is {taken}")
                coverage.held(last)
                await RisingEdge(self.clock)
            coverage.taken(data, last)
            self.sent[name].append(Beat(data, last, self._cycle()))
        self._set(stream, tvalid=0, **(self._junk(stream, 0, 0) if _UNKNOWN else {}))

    def _shorten(self, stream: dict[str, Any], data: int) -> None:
        """Give junk for some of the upper bytes that are zeros, and say that they are not kept."""
        size = stream["tdata_width"] // 8
        kept = size if self.random.random() < 0.5 else self.random.randint(-(-data.bit_length() // 8), size)
        junk = self.random.getrandbits(8 * size) >> 8 * kept << 8 * kept
        self._set(stream, tdata=data | junk, tkeep=(1 << kept) - 1)

    def _junk(self, stream: dict[str, Any], data: int, last: int) -> dict[str, Any]:
        """Return data that mean nothing: these, or unknown ones."""
        width = stream["tdata_width"]
        junk: dict[str, Any] = {"tdata": LogicArray("X" * width) if _UNKNOWN else data}
        if stream["tlast"]:
            junk["tlast"] = Logic("X") if _UNKNOWN else last
        return junk

    async def _sink(self, name: str) -> None:
        stream = self.streams[name]
        valid, data = (getattr(self.dut, f"{stream['prefix']}_{wire}") for wire in ("tvalid", "tdata"))
        last = getattr(self.dut, stream["prefix"] + "_tlast") if stream["tlast"] else None
        keep = getattr(self.dut, stream["prefix"] + "_tkeep") if stream.get("tkeep") else None
        rules, waits, coverage = StreamRules(stream), self._waits(), self.coverage[name]
        while True:
            ready = not waits and self.random.random() >= self.backpressure
            self._set(stream, tready=int(ready))
            await RisingEdge(self.clock)
            offered = str(valid.value)
            if offered != "1":
                rules.edge(offered, ready, "0", "0")
                coverage.quiet()
                continue
            ends, word = "0" if last is None else str(last.value), str(data.value)
            waits = False
            if rules.edge(offered, ready, ends, word):
                kept = keep is None or "1" in str(keep.value)
                if keep is not None and len(set(str(keep.value))) > 1:
                    raise BrokenRule(f"{name}: tkeep is {keep.value}: allowed all bytes, or none")
                self.received[name].append(Beat(*rules.meant(ends, word), self._cycle(), kept))
                coverage.taken(self.received[name][-1].data, self.received[name][-1].last)
                waits = self._waits()
            else:
                coverage.held(ends == "1")

    def _waits(self) -> bool:
        return bool(self.backpressure) and self.random.random() < WAITING

    def _cycle(self) -> int:
        return round(get_sim_time("ns") / PERIOD)

    def _set(self, stream: dict[str, Any], **wires: Any) -> None:
        for wire, value in wires.items():
            getattr(self.dut, f"{stream['prefix']}_{wire}").value = value
