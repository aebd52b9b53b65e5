"""The bench: both engines against NumPy, with pauses on every stream."""

import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

LANES, BEATS, PRODUCTS = 4, 5, 30

#: What the weight codes 0…7 stand for, in units of 1/8 (`manifest.json` has the table).
WEIGHTS = (1, 2, 4, 8, 0, -2, -4, -8)


def packed(words: np.ndarray, bits: int) -> int:
    """Return words side by side, lane 0 in the low bits."""
    return sum((int(word) & (1 << bits) - 1) << bits * lane for lane, word in enumerate(words))


async def send(dut, name: str, beats: list[tuple[int, bool]], rng: random.Random) -> None:
    """Send (data, last) one after the other, with pauses."""
    wires = {wire: getattr(dut, f"s_axis_{name}_{wire}") for wire in ("tdata", "tvalid", "tready")}
    for data, last in beats:
        wires["tvalid"].value = 0
        while rng.random() < 0.3:
            await RisingEdge(dut.clk)
        wires["tdata"].value = data
        if hasattr(dut, f"s_axis_{name}_tlast"):
            getattr(dut, f"s_axis_{name}_tlast").value = int(last)
        wires["tvalid"].value = 1
        await RisingEdge(dut.clk)
        while not wires["tready"].value:
            await RisingEdge(dut.clk)
    wires["tvalid"].value = 0


async def receive(dut, name: str, count: int, rng: random.Random) -> list[int]:
    """Return as many sums, taken with pauses."""
    wires = {wire: getattr(dut, f"m_axis_{name}_{wire}") for wire in ("tdata", "tvalid", "tready")}
    found = []
    while len(found) < count:
        wires["tready"].value = int(rng.random() < 0.7)
        await RisingEdge(dut.clk)
        if wires["tvalid"].value and wires["tready"].value:
            word = wires["tdata"].value.to_unsigned() & 0xFFFF
            found.append(word - (word >> 15 << 16))
    wires["tready"].value = 0
    return found


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def both_multiply(dut) -> None:
    """Dot products of the same activations with two rows of weights."""
    rng = np.random.default_rng(1)
    activations = rng.integers(-8, 8, (PRODUCTS, BEATS, LANES))
    codes = {name: rng.integers(0, 8, (PRODUCTS, BEATS, LANES)) for name in ("left", "right")}
    Clock(dut.clk, 10, unit="ns").start()
    for name in ("activations", "left", "right"):
        getattr(dut, f"s_axis_{name}_tvalid").value = 0
        getattr(dut, f"s_axis_{name}_tdata").value = 0
    dut.s_axis_activations_tlast.value = 0
    dut.m_axis_left_tready.value = dut.m_axis_right_tready.value = 0
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    beats = [
        (packed(words, 4), index == BEATS - 1) for each in activations for index, words in enumerate(each)
    ]
    cocotb.start_soon(send(dut, "activations", beats, random.Random(1)))
    sinks = {}
    for seed, (name, rows) in enumerate(codes.items(), 2):
        weights = [(packed(words, 3), False) for each in rows for words in each]
        cocotb.start_soon(send(dut, name, weights, random.Random(seed)))
        sinks[name] = cocotb.start_soon(receive(dut, name, PRODUCTS, random.Random(seed + 2)))
    for name, sink in sinks.items():
        wanted = (np.array(WEIGHTS)[codes[name]] * activations).sum(axis=(1, 2))
        assert (await sink) == wanted.tolist()
    cocotb.log.info("%d dot products of each engine", PRODUCTS)
