"""The Flex-DPU with packets and registers under test, its registers by name, and jobs for it."""

import os
from typing import TYPE_CHECKING, Any

import cocotb
import numpy as np
from bench_report import manifest, report

from dotforge_golden.formats import lookup
from dotforge_golden.packet_job import job_packets, result_matrix

if TYPE_CHECKING or os.environ.get("DOTFORGE_BENCH_CLIENT") != "cocotbext":
    from axi_system import System
else:
    from cocotbext_system import System

__all__ = [
    "ADDING",
    "BEAT",
    "BUSY",
    "CAUSE",
    "COMMAND",
    "CONTROL",
    "CYCLES",
    "DECERR",
    "ERRORS",
    "JOBS",
    "LANES",
    "LOADING",
    "OKAY",
    "PARAMETERS",
    "PUSH",
    "REFUSED",
    "RESULTS",
    "SIZE",
    "SLOT",
    "SLOTS",
    "SLVERR",
    "STATUS",
    "STREAMING",
    "WINDOW",
    "Job",
    "Unit",
    "rng",
]

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
SLOTS = sum(stream["name"].startswith("results_") for stream in MANIFEST["streams"])
BEAT = MANIFEST["streams"][0]["tdata_width"] // 8
LANES, WINDOW = PARAMETERS["lanes"], PARAMETERS["window"] or PARAMETERS["lanes"]
FORMAT = PARAMETERS["format"]
#: Flex-DPEs of a job where every slot has one.
SIZE = PARAMETERS["engines"] // SLOTS

OKAY, SLVERR, DECERR = 0, 2, 3
CONTROL, REFUSED, BUSY, ERRORS = 0x20, 0x24, 0x2C, 0x30
M, N, K, PLACE, TAG, ROW, COLUMN, PUSH = range(0x40, 0x60, 4)
SLOT, STRIDE = 0x100, 0x40
STATUS, CAUSE, COMMAND, JOBS, CYCLES, LOADING, STREAMING, ADDING, RESULTS = range(0, 0x24, 4)


def values(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Integers of the whole range; of floating point small ones, whose sums are exact."""
    half = 1 << int(FORMAT[3:]) - 1 if FORMAT.startswith("int") else 4
    low = -half if FORMAT.startswith("int") else 1 - half
    found = rng.integers(low, half, shape)
    return np.where(rng.random(shape) < rng.choice([0.2, 0.6, 0.9]), 0, found)


def codes(matrix: np.ndarray) -> np.ndarray:
    """What the elements are in packets."""
    if FORMAT.startswith("int"):
        return np.array(matrix & (1 << int(FORMAT[3:])) - 1, np.uint64)
    return lookup(FORMAT.upper()).encode(matrix.astype(float)).astype(np.uint64)


class Unit(System):
    """The engine, with its registers by name."""

    def __init__(self, dut: Any, pause: float) -> None:
        super().__init__(dut, SLOTS, pause)

    async def write(self, address: int, value: int, response: int = OKAY) -> None:
        found = await self.write_bytes(address, value.to_bytes(4, "little"))
        assert found == response, f"write to {address:#x}: {found}"

    async def read(self, address: int, response: int = OKAY) -> int:
        value, found = await self.read_word(address)
        assert found == response, f"read of {address:#x}: {found}"
        return value

    async def slot(self, slot: int, register: int) -> int:
        return await self.read(SLOT + slot * STRIDE + register)

    async def fails(self, slot: int) -> int:
        """Wait until a slot has an error; returns its cause."""
        for _ in range(400):
            if await self.read(ERRORS) >> slot & 1:
                break
        assert await self.read(ERRORS) == 1 << slot
        return await self.slot(slot, CAUSE)


class Job:
    """A product of two random matrices."""

    def __init__(self, rng: np.random.Generator, tag: int, place: tuple[int, int, int], turned: int) -> None:
        self.tag, (self.slot, self.first, self.size), self.turned = tag, place, turned
        self.m, self.k, self.n = (int(rng.integers(1, most)) for most in (9, 2 * WINDOW + 2, 7))
        self.a, self.b = values(rng, (self.m, self.k)), values(rng, (self.k, self.n))
        self.row, self.column = int(rng.integers(100)), int(rng.integers(100))

    def packets(self, rows: int = 0) -> tuple[list[bytes], list[bytes]]:
        """Return the packets of both streams; of ``rows`` rows at most, if not 0."""
        operands = [codes(self.a), codes(self.b.T)]
        stationary, streaming = reversed(operands) if self.turned else operands
        return job_packets(
            stationary,
            streaming,
            window=WINDOW,
            lanes=self.size * LANES,
            format=FORMAT,
            tag=self.tag,
            beat_bytes=BEAT,
            rows=rows,
        )

    async def push(self, unit: Unit, response: int = OKAY) -> None:
        """Put the job into the queue of its slot."""
        place = self.first | self.size << 8 | self.slot << 16 | self.turned << 24
        for address, value in (
            (M, self.m), (N, self.n), (K, self.k), (PLACE, place), (TAG, self.tag), (ROW, self.row),
            (COLUMN, self.column),
        ):  # fmt: skip
            await unit.write(address, value)
        await unit.write(PUSH, 1, response)

    def send(self, unit: Unit, rows: int = 0) -> None:
        """Queue its packets."""
        for name, packets in zip(("stationary", "streaming"), self.packets(rows), strict=True):
            unit.send(name, self.slot, packets)

    async def check(self, unit: Unit) -> None:
        """Take the results and compare them."""
        banks = await unit.read(0x14) >> 24
        count = -(-(self.n if self.turned else self.m) // banks)
        packets = [await unit.take(self.slot) for _ in range(count)]
        origin = (self.row, self.column)
        found = result_matrix(packets, (self.m, self.n), BEAT, tag=self.tag, origin=origin)
        if not FORMAT.startswith("int"):
            found = found.astype("<u4").view("<f4").astype(np.int64)
        assert np.array_equal(found, self.a @ self.b), f"job {self.tag}: C differs"
        useful = (self.a != 0).astype(int) @ (self.b != 0).astype(int)
        report(vectors=found.size, useful_macs=int(useful.sum()))


def rng() -> np.random.Generator:
    return np.random.default_rng(cocotb.RANDOM_SEED)
