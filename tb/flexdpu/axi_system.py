"""The Flex-DPU's outside driven by the bench kit: registers, packets in, packets out."""

from typing import Any

from axi_lite import AxiLiteMaster
from axi_stream import Bench
from bench_report import manifest

__all__ = ["System"]

#: Cycles.
LIMIT = 40_000


class System:
    """The engine with a master of its registers, and two sources and a sink for each slot.

    Parameters
    ----------
    dut : the engine
    slots : it has
    pause : probability that a channel or a stream pauses in a cycle
    """

    def __init__(self, dut: Any, slots: int, pause: float) -> None:
        self.bench = Bench(dut, manifest(), idle=pause, backpressure=pause)
        self.registers = AxiLiteMaster(dut, "s_axi", dut.clk, pause=pause)
        self.beat = next(iter(self.bench.streams.values()))["tdata_width"] // 8
        self.queues: dict[tuple[str, int], list[bytes]] = {}
        self.tasks: dict[tuple[str, int], Any] = {}
        self.given = dict.fromkeys(range(slots), 0)

    async def reset(self, *, recorded: bool = False) -> None:
        """Start the clock and reset; ``recorded`` as of :meth:`axi_stream.Bench.start`."""
        await self.bench.start(recorded=recorded)
        await self.settle(2)

    async def restart(self) -> None:
        """Reset in the middle of whatever happens: what was to be sent and what came is forgotten."""
        await self.bench.restart()
        self.queues.clear()
        self.tasks.clear()
        self.given = dict.fromkeys(self.given, 0)
        await self.settle(2)

    async def write_bytes(self, address: int, data: bytes) -> int:
        """Write bytes of a word; returns the response."""
        low = address % 4
        value = int.from_bytes(data, "little") << 8 * low
        return await self.registers.write(address, value, ((1 << len(data)) - 1) << low)

    async def read_word(self, address: int) -> tuple[int, int]:
        """Read a word; returns it and the response."""
        return await self.registers.read(address)

    def send(self, name: str, slot: int, packets: list[bytes]) -> None:
        """Queue packets on an input of a slot."""
        task = self.tasks.get((name, slot))
        queue = self.queues.setdefault((name, slot), [])
        queue += packets
        if task is None or task.done():
            self.tasks[name, slot] = self.bench.send(f"{name}_{slot}", self._beats(queue))

    def _beats(self, queue: list[bytes]) -> Any:
        while queue:
            data = queue.pop(0)
            for place in range(0, len(data), self.beat):
                word = int.from_bytes(data[place : place + self.beat], "little")
                yield word, place + self.beat >= len(data)

    async def sent(self) -> None:
        """Wait until everything is sent."""
        for _ in range(LIMIT):
            if all(task.done() for task in self.tasks.values()):
                return
            await self.settle(1)
        raise AssertionError("an input hangs")

    async def take(self, slot: int) -> bytes:
        """Take a packet of results."""
        beats = self.bench.received[f"results_{slot}"]
        for _ in range(LIMIT):
            new = beats[self.given[slot] :]
            ends = next((number for number, beat in enumerate(new) if beat.last), None)
            if ends is not None:
                self.given[slot] += ends + 1
                return b"".join(
                    beat.data.to_bytes(self.beat, "little") for beat in new[: ends + 1] if beat.kept
                )
            await self.settle(1)
        raise AssertionError(f"slot {slot}: no packet of results")

    def forget(self, slot: int) -> None:
        """Throw results away that have come."""
        self.given[slot] = len(self.bench.received[f"results_{slot}"])

    async def settle(self, cycles: int) -> None:
        """Let some cycles pass."""
        await self.bench.settle(cycles)
