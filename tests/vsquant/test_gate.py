"""Gating: while a rounded scale product is zero the multipliers see nothing new."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from dotforge.engines.vsquant import datapath
from dotforge.engines.vsquant.config import VSQuantConfig
from dotforge.engines.vsquant.engine import VSQuant

BEATS = 60


def watch(
    config: VSQuantConfig, scales: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[int, int]]:
    """Stream random elements, one vector a beat, and return what the multipliers see in each cycle."""
    made: list[datapath.BlockSum] = []
    original = datapath.BlockSum.elaborate

    def elaborate(self: Any, platform: Any) -> Any:
        made.append(self)
        return original(self, platform)

    monkeypatch.setattr(datapath.BlockSum, "elaborate", elaborate)
    engine = VSQuant(config)
    simulator = Simulator(engine)
    simulator.add_clock(1e-6)
    rng = np.random.default_rng(1)
    seen: list[tuple[int, int]] = []

    async def bench(ctx: Any) -> None:
        ctx.set(engine.sums.ready, 1)
        for scale in scales:
            word = {"weight": int(rng.integers(1, 2**62)), "scale": int(scale)}
            ctx.set(engine.weights.payload, word)
            word = {"activation": int(rng.integers(1, 2**62)), "scale": 1, "last": 1}
            ctx.set(engine.activations.payload, word)
            ctx.set(engine.weights.valid, 1)
            ctx.set(engine.activations.valid, 1)
            seen.append((ctx.get(made[0].weights), ctx.get(made[0].activations)))
            await ctx.tick()
        seen.append((ctx.get(made[0].weights), ctx.get(made[0].activations)))

    simulator.add_testbench(bench)
    simulator.run()
    return seen


@pytest.mark.parametrize("gate", [False, True])
def test_operand_registers_keep_still(gate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scales 0…15 by 1, of which those below 8 round to zero."""
    scales = np.random.default_rng(2).choice([0, 1, 7, 8, 15], BEATS)
    seen = watch(VSQuantConfig(gate=gate, pipeline=2), scales, monkeypatch)
    moved = [after != before for before, after in pairwise(seen)]
    assert moved == [bool(scale >= 8) or not gate for scale in scales]
    assert 10 < int((scales < 8).sum()) < BEATS - 10


@pytest.mark.parametrize("gate", [False, True])
def test_weights_are_zeroed_without_operand_registers(gate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    scales = np.random.default_rng(3).choice([0, 1, 7, 8, 15], BEATS)
    seen = watch(VSQuantConfig(gate=gate), scales, monkeypatch)
    assert [weights != 0 for weights, _ in seen[:-1]] == [bool(scale >= 8) or not gate for scale in scales]
