"""Bench of the distribution network: folds of any map, vectors every cycle or with stalls, against golden."""

import random
from typing import Any

import cocotb
import numpy as np
from bench_report import parameters, report
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from stream_rules import StreamRules

from dotforge_golden import distribution, route

PARAMETERS = parameters()
LANES, WIDTH, WINDOW = PARAMETERS["lanes"], PARAMETERS["width"], PARAMETERS["window"]
TOPOLOGY = PARAMETERS["topology"]


def word(values: np.ndarray, width: int) -> int:
    """Pack lanes into one integer, lane 0 lowest."""
    return sum(int(value) << lane * width for lane, value in enumerate(values))


class Bench:
    """Drives one network; ``stall`` is the probability that an input or an output waits."""

    def __init__(self, dut: Any, stall: float) -> None:
        self.dut, self.stall = dut, stall
        self.random = random.Random(cocotb.RANDOM_SEED)
        self.numpy = np.random.default_rng(cocotb.RANDOM_SEED)
        self.expected: list[np.ndarray] = []
        self.received: list[int] = []
        self.cycles = 0

    async def start(self) -> None:
        """Drive every input, start the clock, reset."""
        dut = self.dut
        for name in ("vectors_valid", "vectors_payload", "lanes_out_ready", "write", "row", "data", "swap"):
            getattr(dut, name).value = 0
        resets = [dut.rst] if hasattr(dut, "rst") else []  # without registers there is nothing to reset
        for reset in resets:
            reset.value = 1
        cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
        await ClockCycles(dut.clk, 3)
        for reset in resets:
            reset.value = 0
        cocotb.start_soon(self.sink())

    async def sink(self) -> None:
        """Take lanes whenever the output is ready; some it waits for before it becomes ready."""
        rules = StreamRules({"name": "lanes_out", "tdata_width": LANES * (WIDTH + 1), "fields": []})
        waits = False
        while True:
            await FallingEdge(self.dut.clk)
            ready = not waits and self.random.random() >= self.stall
            self.dut.lanes_out_ready.value = int(ready)
            await RisingEdge(self.dut.clk)
            self.cycles += 1
            valid, payload = str(self.dut.lanes_out_valid.value), str(self.dut.lanes_out_payload.value)
            waits = waits and valid != "1"
            if rules.edge(valid, ready, "0", payload):
                self.received.append(rules.meant("0", payload)[0])
                waits = bool(self.stall) and self.random.random() < 0.25

    def positions(self) -> np.ndarray:
        """Return a map: a permutation, a few positions for all lanes, or any."""
        kind = self.random.randrange(3)
        if kind == 0:
            return self.numpy.permutation(LANES) % WINDOW
        if kind == 1:
            return self.numpy.choice(self.numpy.integers(0, WINDOW, 2), LANES)
        return np.where(self.numpy.random(LANES) < 0.2, -1, self.numpy.integers(0, WINDOW, LANES))

    async def load(self, positions: np.ndarray) -> None:
        """Write the settings of a fold, a row a cycle as soon as the network takes them."""
        for number, row in enumerate(route.route(TOPOLOGY, positions[None], WINDOW)[0]):
            await FallingEdge(self.dut.clk)
            self.dut.write.value, self.dut.row.value, self.dut.data.value = 1, number, word(row, 1)
            while True:
                await RisingEdge(self.dut.clk)
                if self.dut.writable.value:
                    break
        await FallingEdge(self.dut.clk)
        self.dut.write.value = 0

    async def stream(self, positions: np.ndarray, count: int, *, swap: bool) -> None:
        """Send vectors; the settings swap with the last one."""
        dut, sent = self.dut, 0
        while sent < count:
            await FallingEdge(dut.clk)
            if self.random.random() < self.stall:
                dut.vectors_valid.value = dut.swap.value = 0
                continue
            bitmap = self.numpy.random(WINDOW) < self.numpy.random()
            values = self.numpy.integers(1, 1 << WIDTH, WINDOW)
            dut.vectors_valid.value = 1
            dut.vectors_payload.value = word(values, WIDTH) | word(bitmap, 1) << WINDOW * WIDTH
            dut.swap.value = int(swap and sent == count - 1)
            while True:
                await RisingEdge(dut.clk)
                if dut.vectors_ready.value:
                    break
            self.expected.append(distribution.wanted(positions, values, bitmap))
            sent += 1
            # Driven away right after the edge, unless the next vector follows.
            if sent == count or self.stall:
                await FallingEdge(dut.clk)
                dut.vectors_valid.value = dut.swap.value = 0

    async def folds(self, number: int, vectors: int) -> None:
        """Load the next fold while one streams, and compare everything."""
        fold = self.positions()
        await self.load(fold)
        self.dut.swap.value = 1
        await FallingEdge(self.dut.clk)
        self.dut.swap.value = 0
        for _ in range(number):
            following = self.positions()
            load = cocotb.start_soon(self.load(following))
            await self.stream(fold, vectors, swap=False)
            await load
            await self.stream(fold, 1, swap=True)
            fold = following
        for _ in range(1000):
            if len(self.received) == len(self.expected):
                break
            await RisingEdge(self.dut.clk)
        wanted = [word(lanes, WIDTH) for lanes in self.expected]
        wrong = sum(a != b for a, b in zip(self.received, wanted, strict=False))
        wrong += abs(len(wanted) - len(self.received))
        report(vectors=len(wanted) * LANES, mismatches=wrong)
        assert not wrong


@cocotb.test()
async def every_cycle(dut: Any) -> None:
    """Vectors back to back."""
    bench = Bench(dut, 0)
    await bench.start()
    await bench.folds(20, 12)


@cocotb.test()
async def stalled(dut: Any) -> None:
    """Pauses at the inputs, backpressure at the outputs."""
    bench = Bench(dut, 0.4)
    await bench.start()
    await bench.folds(20, 8)
