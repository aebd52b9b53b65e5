"""The Flex-DPU's outside driven by masters, sources and sinks that are not ours: those of cocotbext-axi."""

import logging
import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.axi import (  # pyright: ignore[reportMissingImports] - an extra
    AxiLiteBus,
    AxiLiteMaster,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

__all__ = ["System"]

#: ns
LIMIT = 400_000


class System:
    """The engine with an AXI-Lite master, and two sources and a sink for each slot.

    Parameters
    ----------
    dut : the engine
    slots : it has
    pause : probability that a channel or a stream pauses in a cycle
    """

    def __init__(self, dut: Any, slots: int, pause: float) -> None:
        logging.getLogger("cocotb").setLevel(logging.WARNING)
        self.dut, self.random = dut, random.Random(cocotb.RANDOM_SEED)
        cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
        self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.clk, dut.rst)
        self.stationary, self.streaming, self.results = [], [], []
        for slot in range(slots):
            for made, role, kind in (
                (self.stationary, f"s_axis_stationary_{slot}", AxiStreamSource),
                (self.streaming, f"s_axis_streaming_{slot}", AxiStreamSource),
                (self.results, f"m_axis_results_{slot}", AxiStreamSink),
            ):
                made.append(kind(AxiStreamBus.from_prefix(dut, role), dut.clk, dut.rst))
        if pause:
            for each in (*self.stationary, *self.streaming, *self.results):
                each.set_pause_generator(self._pauses(pause))
            for channel in ("aw", "w", "b"):
                getattr(self.registers.write_if, f"{channel}_channel").set_pause_generator(
                    self._pauses(pause)
                )
            for channel in ("ar", "r"):
                getattr(self.registers.read_if, f"{channel}_channel").set_pause_generator(self._pauses(pause))

    def _pauses(self, share: float) -> Any:
        while True:
            yield self.random.random() < share

    async def reset(self, *, recorded: bool = False) -> None:
        """Reset; nothing is ever ``recorded`` here."""
        assert not recorded
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 4)
        self.dut.rst.value = 0
        await ClockCycles(self.dut.clk, 2)

    async def restart(self) -> None:
        """Reset in the middle of whatever happens: what was to be sent and what came is forgotten."""
        for source in (*self.stationary, *self.streaming):
            source.clear()
        await self.reset()
        for sink in self.results:
            sink.clear()

    async def write_bytes(self, address: int, data: bytes) -> int:
        """Write bytes of a word; returns the response."""
        done: Any = await with_timeout(self.registers.write(address, data), LIMIT, "ns")
        return int(done.resp)

    async def read_word(self, address: int) -> tuple[int, int]:
        """Read a word; returns it and the response."""
        done: Any = await with_timeout(self.registers.read(address, 4), LIMIT, "ns")
        return int.from_bytes(done.data, "little"), int(done.resp)

    def send(self, name: str, slot: int, packets: list[bytes]) -> None:
        """Queue packets on an input of a slot."""
        for data in packets:
            getattr(self, name)[slot].send_nowait(AxiStreamFrame(data))

    async def sent(self) -> None:
        """Wait until everything is sent."""
        for source in (*self.stationary, *self.streaming):
            await with_timeout(source.wait(), LIMIT, "ns")

    async def take(self, slot: int) -> bytes:
        """Take a packet of results."""
        frame = await with_timeout(self.results[slot].recv(), LIMIT, "ns")
        return bytes(frame.tdata)

    def forget(self, slot: int) -> None:
        """Throw results away that have come."""
        while not self.results[slot].empty():
            self.results[slot].recv_nowait()

    async def settle(self, cycles: int) -> None:
        """Let some cycles pass."""
        await ClockCycles(self.dut.clk, cycles)
