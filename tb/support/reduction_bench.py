"""cocotb tests that the three networks share: every sum, at its slot, in its cycle, against golden."""

import random
from typing import Any

import cocotb
import numpy as np
from bench_report import parameters, report
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from reduction_schedule import (
    Network,
    Schedule,
    all_groupings,
    lone_runs,
    random_groupings,
    random_values,
    random_vec_ids,
    schedule,
)

__all__ = ["back_to_back", "groupings", "lone_lanes", "run", "stalled", "start"]

_PERIOD = 10  # ns


def network() -> Network:
    """Return what is under test."""
    return Network(**parameters())


def groupings(rng: np.random.Generator, under_test: Network, folds: int) -> np.ndarray:
    """Return all groupings of few lanes, random ones of many."""
    if under_test.lanes <= 4:
        return np.tile(all_groupings(under_test.lanes), (-(-folds // 8), 1))
    return random_groupings(rng, under_test.lanes, folds)


async def start(dut: Any, under_test: Network) -> None:
    """Drive every input, start the clock, reset."""
    for name in ("values", "vec_ids", "occupied", "valid", *(["tag"] if under_test.tag_width else [])):
        getattr(dut, name).value = 0
    if under_test.stallable:
        dut.enable.value = 1
    dut.rst.value = 1
    cocotb.start_soon(Clock(dut.clk, _PERIOD, unit="ns").start())
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0


async def run(dut: Any, under_test: Network, plan: Schedule, stalls: float) -> int:
    """Play a schedule; return the number of sums compared."""
    rng = random.Random(cocotb.RANDOM_SEED)
    lanes = under_test.lanes
    words = {name: _words(array, len(getattr(dut, name)) // lanes) for name, array in plan.inputs.items()}
    sizes = {name: len(getattr(dut, name)) // lanes for name in plan.outputs}
    compared = 0
    for row in range(len(plan.idle)):
        while under_test.stallable and rng.random() < stalls:
            dut.enable.value = 0
            dut.valid.value = rng.getrandbits(1)
            dut.values.value = rng.getrandbits(len(dut.values))
            await RisingEdge(dut.clk)
        if under_test.stallable:
            dut.enable.value = 1
        for name, column in words.items():
            getattr(dut, name).value = column[row]
        await FallingEdge(dut.clk)
        assert bool(int(dut.idle.value)) == plan.idle[row], f"idle in cycle {row}"
        found = int(dut.sum_valid.value)
        expected = sum(1 << int(slot) for slot in np.flatnonzero(plan.sum_valid[row]))
        assert found == expected, f"sum_valid in cycle {row} is {found:b}, golden {expected:b}"
        if expected:
            for name, size in sizes.items():
                word = int(getattr(dut, name).value)
                for slot in np.flatnonzero(plan.sum_valid[row]):
                    got = word >> (int(slot) * size) & ((1 << size) - 1)
                    want = int(plan.outputs[name][row, slot]) & ((1 << size) - 1)
                    assert got == want, f"{name}, slot {slot}, cycle {row}: {got:x}, golden {want:x}"
            compared += expected.bit_count()
        await RisingEdge(dut.clk)
    return compared


def _words(array: np.ndarray, size: int) -> list[int]:
    if array.ndim == 1:
        return [int(value) for value in array]
    bits = np.zeros((len(array), array.shape[1] * size), np.uint8)
    for bit in range(size):
        bits[:, bit::size] = array >> bit & 1
    rows = np.packbits(bits, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


async def back_to_back(dut: Any) -> None:
    """Vectors every cycle, folds as soon as the network is empty."""
    await _test(dut, folds=24, vectors=6, stalls=0.0, holes=False)


async def stalled(dut: Any) -> None:
    """Random stalls, random empty lanes and runs, junk on the inputs while the network is frozen."""
    await _test(dut, folds=48, vectors=3, stalls=0.3, holes=True)


async def lone_lanes(dut: Any) -> None:
    """Every run of few lanes, some of many, empty and with one lane of it occupied: whose sum leaves, and where."""
    under_test = network()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    runs, occupied = lone_runs(rng, under_test.lanes)
    await _compare(dut, under_test, rng, runs, occupied, vectors=1, stalls=0.0)


async def _test(dut: Any, *, folds: int, vectors: int, stalls: float, holes: bool) -> None:
    under_test = network()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    runs = groupings(rng, under_test, folds)
    occupied = np.ones(runs.shape, bool)
    if holes:  # few lanes or many, and whole runs
        occupied = rng.random(runs.shape) < rng.choice([0.1, 0.2, 0.5, 1.0], (len(runs), 1))
        occupied &= np.take_along_axis(rng.random(runs.shape) < 0.7, runs, axis=1)
    await _compare(dut, under_test, rng, runs, occupied, vectors=vectors, stalls=stalls)


async def _compare(
    dut: Any,
    under_test: Network,
    rng: np.random.Generator,
    runs: np.ndarray,
    occupied: np.ndarray,
    *,
    vectors: int,
    stalls: float,
) -> None:
    """Let random vectors of these folds through, and compare all sums."""
    await start(dut, under_test)
    ids = random_vec_ids(rng, runs, under_test.id_width)
    values = random_values(rng, under_test, (len(ids), vectors, under_test.lanes))
    tags = rng.integers(0, 1 << under_test.tag_width, (len(ids), vectors))
    plan = schedule(under_test, ids, occupied, values, tags)
    compared = await run(dut, under_test, plan, stalls)
    assert compared == plan.sums
    assert compared > 0
    report(vectors=compared)
