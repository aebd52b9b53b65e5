"""Front ends for other formats make the bitmaps that they should."""

import numpy as np
from amaranth.sim import Simulator

from dotforge.figures.front_ends import IndexFrontEnd, RunFrontEnd


def test_indices() -> None:
    block, rng, checked = IndexFrontEnd(16, 4), np.random.default_rng(1), 0

    async def bench(ctx) -> None:
        nonlocal checked
        for _ in range(200):
            indices, valid = rng.integers(0, 16, 4), rng.integers(0, 2, 4)
            ctx.set(block.indices, sum(int(index) << 4 * number for number, index in enumerate(indices)))
            ctx.set(block.valid, sum(int(bit) << number for number, bit in enumerate(valid)))
            expected = 0
            for index, bit in zip(indices, valid, strict=True):
                expected |= int(bit) << int(index)
            assert ctx.get(block.bitmap) == expected
            checked += 1

    simulator = Simulator(block)
    simulator.add_testbench(bench)
    simulator.run()
    assert checked == 200


def test_runs() -> None:
    block, rng, checked = RunFrontEnd(16, 4, 2), np.random.default_rng(2), 0

    async def bench(ctx) -> None:
        nonlocal checked
        for _ in range(200):
            runs, count, start = rng.integers(0, 4, 4), int(rng.integers(0, 5)), int(rng.integers(0, 16))
            ctx.set(block.start, start)
            ctx.set(block.runs, sum(int(run) << 2 * number for number, run in enumerate(runs)))
            ctx.set(block.valid, (1 << count) - 1)
            expected, place = 0, start
            for run in runs[:count]:
                place += int(run)
                expected |= (1 << place) if place < 16 else 0
                place += 1
            assert ctx.get(block.bitmap) == expected
            assert ctx.get(block.next) == place % 32
            checked += 1

    simulator = Simulator(block)
    simulator.add_testbench(bench)
    simulator.run()
    assert checked == 200
