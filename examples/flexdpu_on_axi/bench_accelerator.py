"""The bench: jobs by AXI4-Lite and packets on AXI-Stream, with the masters, sources and sinks of cocotbext-axi.

Packets are made by ``beats.py``, which `dotforge generate` writes beside the Verilog; nothing here is of dotforge.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import (  # pyright: ignore[reportMissingImports]
    AxiLiteBus,
    AxiLiteMaster,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

GENERATED = Path(os.environ["GENERATED"])
sys.path.insert(0, str(GENERATED))
beats = importlib.import_module("beats")

PARAMETERS = json.loads((GENERATED / "manifest.json").read_text(encoding="utf-8"))["parameters"]
REGISTERS = json.loads(os.environ["REGISTERS"])

#: Bytes of a beat, and ns that a job may take.
BEAT, LIMIT = 8, 200_000


class Unit:
    """The accelerator, its bus and its streams."""

    def __init__(self, dut) -> None:
        self.dut = dut
        cocotb.start_soon(Clock(dut.aclk, 10, unit="ns").start())
        reset = {"reset_active_level": False}
        self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.aclk, dut.aresetn, **reset)

        def on(kind: Any, name: str) -> Any:
            return kind(AxiStreamBus.from_prefix(dut, name), dut.aclk, dut.aresetn, **reset)

        self.stationary, self.streaming = (
            on(AxiStreamSource, f"s_axis_{name}") for name in ("stationary", "streaming")
        )
        self.results = on(AxiStreamSink, "m_axis_results")

    async def reset(self) -> None:
        """Reset it."""
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 4)
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 2)

    async def write(self, **registers: int) -> None:
        """Write registers, in order."""
        for name, value in registers.items():
            done: Any = await self.registers.write(REGISTERS[name], value.to_bytes(4, "little"))
            assert int(done.resp) == 0, name

    async def read(self, name: str) -> int:
        """Read a register."""
        done: Any = await self.registers.read(REGISTERS[name], 4)
        return int.from_bytes(done.data, "little")

    async def multiply(self, a: np.ndarray, b: np.ndarray, tag: int) -> np.ndarray:
        """Return A @ B; A stays."""
        codes = [
            np.asarray(each, np.int8).view(np.uint8).astype(np.uint64)
            for each in (a, np.ascontiguousarray(b.T))
        ]
        window = PARAMETERS["window"] or PARAMETERS["lanes"]
        fixed, moving = beats.job_packets(
            *codes,
            window=window,
            lanes=PARAMETERS["lanes"] * PARAMETERS["engines"],
            format="int8",
            tag=tag,
            beat_bytes=BEAT,
        )
        for source, packets in ((self.stationary, fixed), (self.streaming, moving)):
            for packet in packets:
                source.send_nowait(AxiStreamFrame(packet))
        await self.write(
            job_m=len(a), job_n=b.shape[1], job_k=b.shape[0], job_place=PARAMETERS["engines"] << 8, job_tag=tag,
            job_row=0, job_column=0, job_push=1, control=1,
        )  # fmt: skip
        found = []
        while not found or not beats.unpack(found[-1], BEAT).last:
            frame = await with_timeout(self.results.recv(), LIMIT, "ns")
            found.append(bytes(frame.tdata))
        return beats.result_matrix(found, (len(a), b.shape[1]), BEAT, tag=tag)


@cocotb.test()
async def products(dut) -> None:
    """Sparse products one after the other, results taken with pauses; the interrupt says when one is there."""
    unit, random = Unit(dut), np.random.default_rng(1)
    await unit.reset()
    assert (await unit.read("id")).to_bytes(4, "little") == b"DFPU"
    unit.results.set_pause_generator(bool(each) for each in random.integers(0, 2, 1 << 20))
    for tag, (m, k, n) in enumerate(((3, 8, 5), (9, 21, 4), (1, 4, 1)), 1):
        a, b = (random.integers(-128, 128, size) * (random.random(size) < 0.5) for size in ((m, k), (k, n)))
        a[0, 0], b[0, 0] = 1, 1  # something is there
        c = await unit.multiply(a, b, tag)
        assert np.array_equal(c, a @ b), f"job {tag}"
        await RisingEdge(dut.aclk)
        assert int(dut.irq.value) == 1
        assert await unit.read("errors") == 0
        cocotb.log.info("job %d: %d×%d @ %d×%d", tag, m, k, k, n)
