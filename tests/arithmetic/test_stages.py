"""Registers where a clock needs them: sums of cut carry chains, depth, and clocks that are out of reach."""

import random
from itertools import pairwise
from typing import Any

import pytest
from amaranth.hdl import Const, Module, Signal, signed
from amaranth.sim import Simulator

from dotforge.arithmetic import delays
from dotforge.arithmetic.stages import Stages, Timed, signed_bits
from dotforge.engines.logmac.clocked import plan
from dotforge.engines.logmac.config import LogMacConfig
from dotforge.parameters import ParameterError, make

#: Nanoseconds in which chains of 3, 8 and any number of bits fit, with numbers that are easy to add.
PERIODS = (4.5, 10.5, 100.0)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "dotforge.arithmetic.stages.delays",
        lambda device: delays.Delays(start=0.0, level=1.0, adder=0.5, bit=1.0),
    )


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("period", PERIODS)
def test_a_sum_is_exact_wherever_its_carry_chain_is_cut(period: float) -> None:
    m = Module()
    a, b, carry = Signal(signed(9)), Signal(signed(6)), Signal()
    stages = Stages(m, "any", period, Const(1, 1))
    operands = [stages.given(name, value) for name, value in (("a", a), ("b", b), ("carry", carry))]
    total = stages.add("total", operands[0], operands[1], 10, operands[2])
    value = stages.at(total, total.stage)
    assert total.stage == {4.5: 3, 10.5: 1, 100.0: 0}[period]
    seen = Signal(signed(10))
    m.d.comb += seen.eq(value)
    m.d.sync += Signal().eq(0)
    vectors = [(x, y, c) for x in (-256, -1, 0, 1, 85, 255) for y in (-32, -1, 0, 31) for c in (0, 1)]
    random.Random(5).shuffle(vectors)
    checked = 0

    async def bench(context: Any) -> None:
        nonlocal checked
        for index in range(len(vectors) + total.stage):
            if index < len(vectors):
                for port, given in zip((a, b, carry), vectors[index], strict=True):
                    context.set(port, given)
            await context.delay(1e-9)
            if index >= total.stage:
                assert context.get(seen) == sum(vectors[index - total.stage])
                checked += 1
            await context.tick()

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert checked == len(vectors)


@pytest.mark.usefixtures("plain")
def test_an_operation_moves_behind_a_register_when_it_does_not_fit() -> None:
    stages = Stages(Module(), "any", 2.0, Const(1, 1))
    value: Timed = stages.given("value", Signal(4))
    found = []
    for index in range(5):
        value = stages.logic(f"step_{index}", 1, lambda value: ~value, value)
        found.append((value.stage, value.path.levels))
    assert found == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1)]
    assert stages.least == delays.Path(levels=1)
    stages.logic("long", 3, lambda value: value, value)
    assert stages.least == delays.Path(levels=3)


def test_a_sum_is_as_wide_as_its_extremes() -> None:
    assert [signed_bits(*each) for each in ((-1, 0), (0, 0), (-8, 7), (-9, 7), (-8, 8), (3, 4))] == [
        1,
        1,
        4,
        5,
        5,
        4,
    ]


def test_a_faster_clock_takes_more_stages_up_to_the_limit_of_the_loop() -> None:
    depths = [
        plan(make(LogMacConfig, {"pipeline": "auto", "clock_mhz": mhz}))[0] for mhz in (20, 60, 120, 180, 210)
    ]
    assert all(low <= high for low, high in pairwise(depths))
    assert depths[0] < depths[-1]
    with pytest.raises(ParameterError, match="clock_mhz=500: allowed 1…2"):
        plan(make(LogMacConfig, {"pipeline": "auto", "clock_mhz": 500}))


@pytest.mark.parametrize("name", ["clock_mhz=150", "device=ice40-up5k"])
def test_a_clock_without_auto_is_refused(name: str) -> None:
    key, _, value = name.partition("=")
    with pytest.raises(ParameterError, match=f"parameter {name}: allowed .* go with pipeline=auto"):
        make(LogMacConfig, {key: value})
