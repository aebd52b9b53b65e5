"""The walk-through of the paper's Fig. 5, step by step, with values from the hardware's own signals.

Needs a bench that sees internals, and a Flex-DPE of four lanes with four positions and the multicast network.
Writes what it saw as JSON into the file that ``DOTFORGE_WALKTHROUGH`` names.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_report import manifest, report
from cocotb.triggers import RisingEdge
from flexdpe_streams import Job, check

from dotforge_golden import flexdpe as golden
from dotforge_golden import route

MANIFEST = manifest()

#: M×K, stationary, and K×N, streaming: four multipliers and eight useful stationary values, as in the figure.
M = np.array([[1, 2, 0, 3], [0, 4, 5, 0], [6, 7, 8, 9], [10, 0, 11, 0]])
N = np.array([[1, 0, 2], [0, 0, 0], [0, 3, 4], [5, 0, 6]])


def bits(word: int, count: int) -> list[int]:
    """Return the low bits of a word, the lowest first."""
    return [word >> index & 1 for index in range(count)]


def words(word: int, width: int, count: int) -> list[int]:
    """Return the words of a flat vector, the lowest first."""
    return [word >> index * width & ((1 << width) - 1) for index in range(count)]


def value(signal: Any) -> int:
    """Return a signal's value."""
    return int(signal.value)


class Watch:
    """Notes what the signals of the engine show, cycle by cycle."""

    def __init__(self, engine: Any) -> None:
        self.engine, self.load = engine, engine.load
        self.seen: dict[str, list[Any]] = {
            name: [] for name in ("regor", "rows", "positions", "settings", "folds", "vectors", "products")
        }

    async def run(self, clock: Any) -> None:
        """Watch every cycle, just before the clock's edge."""
        taken = False
        while True:
            await RisingEdge(clock)
            load, network, seen = self.load, self.engine.network, self.seen
            if taken:
                seen["folds"][-1]["values"] = words(value(load.fill.registers.in_use), 8, 4)
            if value(load.mask.finished):
                seen["regor"].append(bits(value(load.gather.regor), 4))
            if value(load.mask.i_valid) and value(load.mask.i_ready):
                word = value(load.mask.o_payload)
                row_bits = MANIFEST["parameters"]["row_bits"]
                seen["rows"].append(
                    {
                        "row": word & ((1 << row_bits) - 1),
                        "bitmap": bits(word >> row_bits, 4),
                        "useful": bits(word >> row_bits + 4, 4),
                    }
                )
            if value(load.scan.positions_valid) and value(load.scan.positions_ready):
                word = value(load.scan.positions_payload)
                seen["positions"].append(-1 if word >> 2 else word & 3)
            if value(network.swapped):
                settings = network.settings
                seen["settings"].append(
                    {name: value(getattr(settings, name)) for name in ("used", "ends", "crossed")}
                )
            taken = bool(value(load.take))
            if taken:
                seen["folds"].append(
                    {"vec_ids": bits(value(load.vec_ids), 4), "occupied": bits(value(load.occupied), 4)}
                )
            if value(network.lanes_out_valid) and value(network.lanes_out_ready):
                lanes = words(value(network.lanes_out_payload), 9, 4)
                seen["vectors"].append(
                    {"useful": [v >> 8 for v in lanes], "values": [v & 255 for v in lanes]}
                )
            if value(self.engine.reduce.valid) and value(self.engine.reduce.enable):
                seen["products"].append(words(value(self.engine.reduce.products), 16, 4))


@cocotb.test()
async def walk_through(dut: Any) -> None:
    """Steps i to vii."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    watch = Watch(dut.engine)
    cocotb.start_soon(watch.run(bench.clock))
    job = Job(M, N.T, MANIFEST["parameters"], 32)
    for name, beats in job.beats(bench.payloads).items():
        bench.send(name, beats)
    while sum(beat.last for beat in bench.received["sums"]) < 2:
        await bench.settle(1)
    await bench.settle(5)
    compared = check(job, bench.payloads["sums"], bench.received["sums"])
    seen = watch.seen

    mask = golden.regor(job.vector_bits)
    useful = golden.useful_stationary(job.row_bits, mask)
    assert seen["regor"] == [mask.astype(int).tolist()]
    assert [row["bitmap"] for row in seen["rows"]] == job.row_bits.astype(int).tolist()
    assert [row["useful"] for row in seen["rows"]] == useful.astype(int).tolist()
    (folds,) = job.folds
    assert useful.sum() == 8
    assert len(folds) == 2
    assert seen["positions"] == [int(k) for fold in folds for k in fold.positions]
    rows = route.route("multicast-benes", np.array([fold.positions for fold in folds]), 4)
    for fold, found, words_ in zip(folds, seen["settings"], rows, strict=True):
        assert bits(found["used"], 4) == words_[0].astype(int).tolist()
        assert bits(found["ends"], 3) == words_[1, :3].astype(int).tolist()
        assert fold.occupied.all()
    for fold, found in zip(folds, seen["folds"], strict=True):
        assert found["values"] == [int(M[row, k]) for row, k in zip(fold.rows, fold.positions, strict=True)]
        same = [a == b for a, b in zip(found["vec_ids"], found["vec_ids"][1:], strict=False)]
        assert same == [a == b for a, b in zip(fold.vec_ids, fold.vec_ids[1:], strict=False)]
    steps = [step for _, step in job.steps()]
    vectors = [(fold, vector) for fold in range(2) for vector in range(3)]
    for (fold, vector), lanes, products in zip(vectors, seen["vectors"], seen["products"], strict=True):
        assert lanes["useful"] == steps[fold].useful[vector].astype(int).tolist()
        assert products == steps[fold].products[vector].tolist()
    compared += sum(map(len, seen.values()))

    payload = bench.payloads["sums"]
    seen["sums"] = [
        {name: payload.lanes(beat.data, name) for name in ("valid", "row", "partial", "value", "bitmap")}
        for beat in bench.received["sums"]
    ]
    cycles = {name: [beat.cycle for beat in beats] for name, beats in bench.sent.items() if beats}
    cycles["sums"] = [beat.cycle for beat in bench.received["sums"]]
    first = min(min(own) for own in cycles.values())
    found = {
        **seen,
        "m": M.tolist(),
        "n": N.tolist(),
        "cycles": {name: [cycle - first for cycle in own] for name, own in cycles.items()},
    }
    if name := os.environ.get("DOTFORGE_WALKTHROUGH"):
        Path(name).write_text(json.dumps(found, allow_nan=False), encoding="utf-8")
    report(vectors=compared)
