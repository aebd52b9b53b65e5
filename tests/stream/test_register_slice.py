"""The register slice: every beat once and in order, a beat a cycle, no path from side to side."""

import random
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from dotforge.export.netlist import Netlist
from dotforge.export.port_paths import port_paths
from dotforge.export.verilog import convert
from dotforge.stream.register_slice import DEPTH, RegisterSlice

WIDTH = 9


def run(
    slice_: Any, beats: list[int], idle: float, backpressure: float, seed: int = 1
) -> list[tuple[int, int]]:
    """Send beats; return each that came, with the cycle in which it was taken."""
    draw, came = random.Random(seed), []
    simulator = Simulator(slice_)
    simulator.add_clock(1e-6)

    async def bench(ctx: Any) -> None:
        sent, offers, cycle = 0, False, 0
        while len(came) < len(beats):
            offers = offers or (sent < len(beats) and draw.random() >= idle)
            takes = draw.random() >= backpressure
            ctx.set(slice_.i.valid, offers)
            ctx.set(slice_.i.payload, beats[sent] if offers else ~0 & (1 << WIDTH) - 1)
            ctx.set(slice_.o.ready, takes)
            before = ctx.get(slice_.o.payload) if ctx.get(slice_.o.valid) else None
            taken = offers and ctx.get(slice_.i.ready)
            await ctx.tick()
            if before is not None and takes:
                came.append((before, cycle))
            elif before is not None:
                assert ctx.get(slice_.o.valid), "an offered beat vanished"
                assert ctx.get(slice_.o.payload) == before, "an offered beat changed"
            if taken:
                sent, offers = sent + 1, False
            cycle += 1
            assert cycle < 100 * len(beats), "the slice hangs"

    simulator.add_testbench(bench)
    simulator.run()
    return came


@pytest.mark.parametrize("idle", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("backpressure", [0.0, 0.3, 0.8])
def test_every_beat_comes_once_and_in_order(idle: float, backpressure: float) -> None:
    beats = [random.Random(number).getrandbits(WIDTH) for number in range(300)]
    came = run(RegisterSlice(WIDTH), beats, idle, backpressure)
    assert [beat for beat, _ in came] == beats
    cycles = [cycle for _, cycle in came]
    if not idle and not backpressure:
        # Ready is low in the first cycle, the beat is there in the cycle after it was taken.
        assert cycles == list(range(1 + RegisterSlice.latency, 1 + RegisterSlice.latency + len(beats)))


def test_two_beats_wait_in_it() -> None:
    """With nothing taken it takes as many beats as it says, and then no more."""
    slice_, taken = RegisterSlice(WIDTH), []
    simulator = Simulator(slice_)
    simulator.add_clock(1e-6)

    async def bench(ctx: Any) -> None:
        ctx.set(slice_.i.valid, 1)
        for _ in range(10):
            taken.append(ctx.get(slice_.i.ready))
            await ctx.tick()

    simulator.add_testbench(bench)
    simulator.run()
    assert taken == [0] + [1] * DEPTH + [0] * (10 - 1 - DEPTH)


def test_no_path_leads_through_it() -> None:
    found = convert(RegisterSlice(WIDTH), name="slice")
    assert port_paths(Netlist(found.cells, found.top)) == []


def test_the_test_sees_a_slice_that_loses_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: what waits is forgotten when it may move."""

    def forgets(self: RegisterSlice, platform: object) -> Module:
        m = Module()
        m.d.comb += self.i.ready.eq(1)
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload)]
        return m

    monkeypatch.setattr(RegisterSlice, "elaborate", forgets)
    with pytest.raises(AssertionError):
        test_every_beat_comes_once_and_in_order(0.3, 0.3)
