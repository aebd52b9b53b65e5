"""AXI4-Lite master for benches: single accesses, with random pauses of every channel, and a check of each response."""

import random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

__all__ = ["AxiLiteMaster"]

#: Cycles after which a channel is said to hang.
PATIENCE = 2000


class AxiLiteMaster:
    """Writes and reads words. A response that waits must not change, and none may come that nobody asked for.

    Parameters
    ----------
    dut : the simulated module
    prefix : of the bus
    clock : of the bus
    pause : probability that a channel pauses in a cycle
    """

    def __init__(self, dut: Any, prefix: str, clock: Any, *, pause: float = 0.0) -> None:
        self.dut, self.prefix, self.clock, self.pause = dut, prefix, clock, pause
        self.random = random.Random(cocotb.RANDOM_SEED)
        for name in ("awvalid", "awaddr", "awprot", "wvalid", "wdata", "wstrb", "bready", "arvalid", "araddr",
                     "arprot", "rready"):  # fmt: skip
            self._wire(name).value = 0

    async def write(self, address: int, value: int, strobes: int = 15) -> int:
        """Write a word; returns the response. Address and data go in either order, or together.

        Parameters
        ----------
        address : in bytes
        value, strobes : 32 bits, and which of their bytes are written
        """
        parts = [("aw", {"awaddr": address}), ("w", {"wdata": value, "wstrb": strobes})]
        self.random.shuffle(parts)
        await self._silent("b")
        if self.random.random() < 0.5:
            tasks = [cocotb.start_soon(self._give(channel, wires)) for channel, wires in parts]
            for task in tasks:
                await task
        else:
            for channel, wires in parts:
                await self._give(channel, wires)
        return (await self._take("b", ("bresp",)))[0]

    async def read(self, address: int) -> tuple[int, int]:
        """Read a word; returns it and the response."""
        await self._silent("r")
        await self._give("ar", {"araddr": address})
        value, response = await self._take("r", ("rdata", "rresp"))
        return value, response

    def _wire(self, name: str) -> Any:
        return getattr(self.dut, f"{self.prefix}_{name}")

    async def _silent(self, channel: str) -> None:
        await RisingEdge(self.clock)
        offered = str(self._wire(f"{channel}valid").value)
        assert offered == "0", f"{self.prefix}: channel {channel} gives a response that nobody asked for"

    async def _give(self, channel: str, wires: dict[str, int]) -> None:
        while self.random.random() < self.pause:
            await RisingEdge(self.clock)
        for name, value in {**wires, f"{channel}valid": 1}.items():
            self._wire(name).value = value
        for _ in range(PATIENCE):
            await RisingEdge(self.clock)
            if str(self._wire(f"{channel}ready").value) == "1":
                self._wire(f"{channel}valid").value = 0
                return
        raise AssertionError(f"{self.prefix}: channel {channel} hangs")

    async def _take(self, channel: str, wires: tuple[str, ...]) -> list[int]:
        seen: list[str] | None = None
        for _ in range(PATIENCE):
            ready = self.random.random() >= self.pause
            self._wire(f"{channel}ready").value = int(ready)
            await RisingEdge(self.clock)
            valid = str(self._wire(f"{channel}valid").value) == "1"
            values = [str(self._wire(name).value) for name in wires]
            assert seen is None or (valid and values == seen), (
                f"{self.prefix}: channel {channel} changed while it waited"
            )
            if valid and ready:
                self._wire(f"{channel}ready").value = 0
                return [int(value, 2) for value in values]
            seen = values if valid else None
        raise AssertionError(f"{self.prefix}: channel {channel} gives no response")
