"""The parts of the controller, each against golden or against what its page says."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from dotforge.engines.flexdpe.config import FlexDpeConfig
from dotforge.export.verilog import convert
from dotforge.formats.table import IntegerFormat
from dotforge.network.reduction.parts import Summation
from dotforge.parameters import ParameterError, make
from dotforge.sparse.keep_queue import KeepQueue
from dotforge.sparse.overlapped_sums import OverlapFan
from dotforge.sparse.pack import Pack
from dotforge.sparse.regor import Regor
from dotforge.sparse.runs import Runs
from dotforge.sparse.source_positions import Positions
from dotforge.sparse.sums import RunOr
from dotforge_golden import fan, flexdpe, reduction
from dotforge_sim.simulator.cosim import evaluate

SEED = 5
#: Cycles after which a bench is given up.
PATIENCE = 20_000


def word(bits: Any, width: int = 1) -> int:
    return sum(int(bit) << width * index for index, bit in enumerate(bits))


def simulate(block: Any, *benches: Callable[[Any], Any]) -> None:
    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench)
    # What loses an item must fail, not wait for it for ever.
    for _ in range(2 * PATIENCE):
        if not simulator.advance():
            return
    pytest.fail(f"not at its end after {PATIENCE} cycles")


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_pack(lanes: int) -> None:
    """Every kept value is on the wire of its rank, whatever the start."""
    rng = np.random.default_rng(SEED)
    count = 2000
    keep = rng.integers(0, 2, (count, lanes))
    start = rng.integers(0, lanes, count)
    values = rng.integers(0, 16, (count, lanes))
    design = convert(Pack(lanes, 4))
    given = {"values": [word(row, 4) for row in values], "keep": [word(row) for row in keep]}
    if lanes > 1:
        given["start"] = list(start)
    found = evaluate(design.verilog, design.top, design.ports, given)["moved"]
    compared = 0
    for row in range(count):
        for index, lane in enumerate(np.flatnonzero(keep[row])):
            rank = (int(start[row]) + index) % lanes
            assert int(found[row]) >> 4 * rank & 15 == values[row, lane]
            compared += 1
    assert compared > count * lanes // 3


@pytest.mark.parametrize("operators", [False, True])
@pytest.mark.parametrize("lanes", [4, 8, 32])
def test_run_or(lanes: int, operators: bool) -> None:
    rng = np.random.default_rng(SEED)
    bits, joins = rng.random((500, lanes)) < 0.3, rng.random((500, lanes - 1)) < 0.7
    design = convert(RunOr(lanes, operators))
    given = {"bits": [word(row) for row in bits], "joins": [word(row) for row in joins]}
    found = evaluate(design.verilog, design.top, design.ports, given)["found"]
    for row in range(500):
        some = False
        for lane in range(lanes):
            some = bits[row, lane] or (some and lane > 0 and bool(joins[row, lane - 1]))
            assert bool(int(found[row]) >> lane & 1) == some


@pytest.mark.parametrize(("lanes", "depth"), [(4, 1), (8, 1), (16, 1), (8, 2)])
def test_overlap_fan(lanes: int, depth: int) -> None:
    """Another grouping with every vector: the sums are those of the FAN."""
    rng = np.random.default_rng(SEED)
    count, summation = 400, Summation(IntegerFormat(16), 8, depth, stallable=True)
    block = OverlapFan(lanes, summation)
    values = rng.integers(-128, 128, (count, lanes))
    joins = rng.random((count, lanes - 1)) < rng.random((count, 1))
    ids = np.concatenate([np.zeros((count, 1), int), np.cumsum(~joins, axis=1)], axis=1)
    # A grouping is to be offered while it goes through: here it changes as soon as all registers have it.
    step = block.latency + 1
    rows = {"values": [], "joins": [], "arrives": []}
    for row in range(count):
        for cycle in range(step):
            stage = cycle - 1
            arrives = 1 if cycle == 0 else (1 << stage // depth + 1 if stage % depth == depth - 1 else 0)
            rows["values"].append(word(values[row] & 255, 8))
            rows["joins"].append(word(joins[row]))
            rows["arrives"].append(arrives)
    design = convert(block)
    found = evaluate(design.verilog, design.top, design.ports, {**rows, "enable": 1})["sums"]
    wanted = fan.reduce(values, ids, addition=reduction.integer(16))
    compared = 0
    for row in range(count):
        index = (row + 1) * step
        if index >= len(found):
            break
        raw = found[index]
        sums = word(raw, 8) if found.ndim > 1 else int(raw)
        for lane in np.flatnonzero(wanted.valid[row]):
            total = sums >> 16 * int(lane) & 0xFFFF
            assert total == int(wanted.values[row, lane]) & 0xFFFF, (row, lane)
            compared += 1
    assert compared > count


def test_regor() -> None:
    """The OR of one window is there while that of the next is gathered."""
    rng = random.Random(SEED)
    block, windows = (
        Regor(8),
        [[rng.getrandbits(8) & rng.getrandbits(8) for _ in range(4)] for _ in range(20)],
    )
    compared = []

    async def give(ctx: Any) -> None:
        for bitmaps in windows:
            for index, bitmap in enumerate(bitmaps):
                ctx.set(block.bitmaps.payload.bitmap, bitmap)
                ctx.set(block.bitmaps.payload.last, index == len(bitmaps) - 1)
                ctx.set(block.bitmaps.valid, 1)
                while not ctx.get(block.bitmaps.ready):
                    await ctx.tick()
                await ctx.tick()
                ctx.set(block.bitmaps.valid, 0)

    async def take(ctx: Any) -> None:
        for bitmaps in windows:
            while not ctx.get(block.valid):
                await ctx.tick()
            wanted = 0
            for bitmap in bitmaps:
                wanted |= bitmap
            compared.append(ctx.get(block.regor) == wanted)
            await ctx.tick().repeat(rng.randrange(1, 8))
            ctx.set(block.finished, 1)
            await ctx.tick()
            ctx.set(block.finished, 0)

    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    simulator.add_testbench(give)
    simulator.add_testbench(take)
    simulator.run()
    assert compared == [True] * 20


def rows_of(rng: np.random.Generator, window: int) -> np.ndarray:
    return rng.random((int(rng.integers(1, 12)), window)) < rng.random()


def feed(block: Any, jobs: list[dict[str, Any]]) -> Callable[[Any], Any]:
    """Offer rows one after the other."""

    async def bench(ctx: Any) -> None:
        for job in jobs:
            for name, value in job.items():
                ctx.set(getattr(block, name), value)
            ctx.set(block.offered, 1)
            done = False
            while not done:
                *_, done = await ctx.tick().sample(block.done)
            ctx.set(block.offered, 0)

    return bench


def rows_as_offered(windows: list[np.ndarray], *names: str) -> list[dict[str, Any]]:
    """Return the rows of windows with the ports that are named: row, useful, last."""
    rows = [
        {"row": row, "useful": word(bits), "last": row == len(job) - 1}
        for job in windows
        for row, bits in enumerate(job)
    ]
    return [{name: row[name] for name in names} for row in rows]


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(("lanes", "window"), [(4, 4), (8, 4), (8, 8)])
def test_positions(lanes: int, window: int, registered: bool) -> None:
    """Positions are those of golden's packing, window after window."""
    rng = np.random.default_rng(SEED)
    jobs = [rows_of(rng, window) for _ in range(30)]
    wanted = [int(k) for job in jobs for fold in flexdpe.pack(job, lanes) for k in fold.positions]
    scan, found = Positions(lanes, window, registered, operators=registered), []

    async def take(ctx: Any) -> None:
        while len(found) < len(wanted):
            ctx.set(scan.positions.ready, rng.random() < 0.7)
            if ctx.get(scan.positions.valid) and ctx.get(scan.positions.ready):
                payload = ctx.get(scan.positions.payload)
                found.append(-1 if payload.empty else payload.position)
            await ctx.tick()

    simulate(scan, feed(scan, rows_as_offered(jobs, "useful", "last")), take)
    assert found == wanted


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(("lanes", "window"), [(4, 4), (8, 4), (8, 8)])
def test_runs(lanes: int, window: int, registered: bool) -> None:
    """VecIDs, rows and ends are those of golden's packing, window after window."""
    rng = np.random.default_rng(SEED)
    jobs = [rows_of(rng, window) for _ in range(30)]
    folds = [fold for job in jobs for fold in flexdpe.pack(job, lanes)]
    runs, seen = Runs(lanes, window, 4, registered, operators=registered), []

    async def take(ctx: Any) -> None:
        while len(seen) < len(folds):
            chosen = bool(ctx.get(runs.complete)) and rng.random() < 0.5
            ctx.set(runs.take, chosen)
            held = (ctx.get(runs.vec_ids), ctx.get(runs.occupied))
            await ctx.tick()
            if chosen:
                seen.append((*held, ctx.get(runs.row_ids), ctx.get(runs.partial)))

    simulate(runs, feed(runs, rows_as_offered(jobs, "row", "useful", "last")), take)
    assert len(seen) > 30
    for fold, (vec_ids, occupied, row_ids, partial) in zip(folds, seen, strict=True):
        assert occupied == word(fold.occupied)
        joins = [(vec_ids >> lane & 1) == (vec_ids >> lane + 1 & 1) for lane in range(lanes - 1)]
        same = [bool(a == b) for a, b in zip(fold.rows, fold.rows[1:], strict=False)]
        assert joins == same
        for lane in np.flatnonzero(fold.ends):
            assert row_ids >> 4 * int(lane) & 15 == fold.rows[lane]
        assert bool(partial) == fold.partial


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(("window", "bandwidth"), [(4, 1), (8, 4), (4, 4), (4, 8)])
def test_keep_queue(window: int, bandwidth: int, registered: bool) -> None:
    """Keep bits come in the order of the values, whatever is taken at a time."""
    rng = np.random.default_rng(SEED)
    jobs = [(bits := rows_of(rng, window), bits & (rng.random(window) < 0.6)) for _ in range(25)]
    block, found, wanted = KeepQueue(window, bandwidth, registered, operators=registered), [], []
    rows = []
    for bitmap, useful in jobs:
        wanted += [int(u) for row, mask in zip(bitmap, useful, strict=True) for u in mask[row]]
        rows += [
            {"bitmap": word(row), "useful": word(mask), "last": number == len(bitmap) - 1}
            for number, (row, mask) in enumerate(zip(bitmap, useful, strict=True))
        ]
    windows = len(jobs)

    async def take(ctx: Any) -> None:
        ended = 0
        while ended < windows:
            level = ctx.get(block.present).bit_count()
            count = int(rng.integers(0, level + 1))
            found.extend(ctx.get(block.keep) >> index & 1 for index in range(count))
            ctx.set(block.wanted, count)
            ctx.set(block.drop, 1)
            restart = bool(ctx.get(block.ended)) and bool(ctx.get(block.empty))
            ctx.set(block.restart, restart)
            ended += restart
            await ctx.tick()

    simulate(block, feed(block, rows), take)
    assert found == wanted
    assert len(found) > 100


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lanes": "24"}, "parameter lanes=24: allowed powers of two"),
        ({"lanes": "2"}, "parameter lanes=2: allowed 4…512"),
        ({"lanes": "8", "window": "16"}, "parameter window=16: allowed 2…8 with lanes=8"),
        ({"lanes": "8", "stationary_bandwidth": "16"}, "parameter stationary_bandwidth=16: allowed 1…8"),
        ({"lanes": "8", "route_walkers": "8"}, "parameter route_walkers=8: allowed 1…4"),
        ({"format": "int7"}, "parameter format=int7: allowed int4, int8"),
        ({"sum_format": "fp32"}, "parameter sum_format=fp32: not a sum of format=int8"),
        ({"format": "bf16", "sum_format": "int32"}, "parameter sum_format=int32: not a sum of format=bf16"),
        ({"sum_format": "int3"}, "parameter sum_format=int3: allowed auto, exact"),
        ({"flush_subnormals": "true"}, "flush_subnormals=True: format=int8 has no subnormals"),
        ({"multiplier_pipeline": "4"}, "parameter multiplier_pipeline=4: allowed 0…3 with format=int8"),
        ({"lanes": "4", "distribution_pipeline": "40"}, "parameter distribution_pipeline=40: allowed 0…"),
        ({"reduction": "art", "fold_change": "overlap"}, "fold_change=overlap: allowed drain"),
    ],
    ids=str,
)  # fmt: skip
def test_parameters_that_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=r"^[^\n]*$") as error:
        make(FlexDpeConfig, given)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("given", "bits"),
    [
        ({}, 32),
        ({"sum_format": "exact"}, 20),
        ({"format": "int4", "lanes": 4, "sum_format": "exact"}, 10),
        ({"format": "int16", "lanes": 512}, 41),
        ({"sum_format": "int18"}, 18),
        ({"format": "fp8_e4m3"}, 32),
    ],
    ids=str,
)
def test_width_of_a_sum(given: dict[str, Any], bits: int) -> None:
    config = FlexDpeConfig(**given)
    assert config.sum.width == bits
    largest = config.lanes << 2 * (config.operand.width - 1)
    assert config.is_float or config.may_overflow == (largest > 2 ** (bits - 1) - 1)
