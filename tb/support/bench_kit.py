"""What the bench of every engine needs, written once; README.md beside it shows a whole bench.

An engine's bench says how to draw its work at random, what beats it is, what golden makes of it and how much of it is
useful. The kit brings the tests that every engine owes: all mixtures of pauses and backpressure, initiation interval
and latency, resets in the middle; and the run that is recorded for waveforms, golden vectors and power.

An *item* is the smallest piece of work with a result of its own: a dot product, a vector, a tile. What it looks like
inside is the bench's affair.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cocotb
import numpy as np
from axi_stream import Beat, Bench, payloads
from bench_report import manifest, report

__all__ = ["Beats", "BenchKit", "Fields"]

#: Beats of an input: tdata and tlast.
Beats = list[tuple[int, bool]]

#: An output beat: field → value, or the values of all lanes; ``"tlast"`` too, where the stream has it.
Fields = Mapping[str, int | Sequence[int]]


class BenchKit:
    """The bench of an engine: subclass it, give it the five methods below, and make its tests with the others.

    Attributes
    ----------
    manifest, parameters : of the design under test
    payloads : stream → :class:`axi_stream.Payload`
    output : the stream that is compared
    paced : the input whose beats set the pace in :meth:`interval_and_latency`
    counted : what :meth:`useful` counts: ``"useful_macs"``, or ``"values"`` where nothing is multiplied
    items : in the tests of pauses, and in the recorded run
    rounds : of :meth:`reset_in_the_middle`; in each up to ``longest`` cycles with ``items_before`` items in flight
        before the reset, and ``items_after`` items after it
    """

    output = "sums"
    paced = "activations"
    counted = "useful_macs"
    items = 60
    rounds, longest, items_before, items_after = 5, 60, 30, 8

    def __init__(self) -> None:
        self.manifest = manifest()
        self.parameters: dict[str, Any] = self.manifest["parameters"]
        self.payloads = payloads(self.manifest)

    # What an engine's bench says.

    def draw(self, rng: np.random.Generator, count: int) -> list[Any]:
        """Return so many items of random size, corners among them."""
        raise NotImplementedError

    def steady(self, rng: np.random.Generator, beats: int) -> list[Any]:
        """Return items that are so many beats of the input ``paced``, each of which gives a beat of the output."""
        raise NotImplementedError

    def beats(self, items: list[Any]) -> dict[str, Beats]:
        """Return the beats of all items, in order, of every input."""
        raise NotImplementedError

    def expected(self, item: Any) -> list[Fields]:
        """Return what golden says of an item, beat by beat of the output."""
        raise NotImplementedError

    def useful(self, item: Any) -> int:
        """Return the products of two nonzero operands in an item (or the values in it, see ``counted``)."""
        raise NotImplementedError

    # What the kit makes of it.

    def send(self, bench: Bench, items: list[Any]) -> None:
        """Queue the beats of items on all inputs."""
        for name, beats in self.beats(items).items():
            bench.send(name, beats)

    async def check(self, bench: Bench, items: list[Any]) -> list[dict[str, Any]]:
        """Wait for the output of items, compare it, report the counts; return the fields of every beat."""
        wanted = [(index, fields) for index, item in enumerate(items) for fields in self.expected(item)]
        received = await bench.wait_for(self.output, len(wanted))
        found = []
        for (index, fields), beat in zip(wanted, received, strict=False):
            found.append(self._compare(index, fields, beat))
        await bench.settle(self.manifest["latency"] + 20)
        more = len(bench.received[self.output]) - len(wanted)
        assert not more, f"{self.output}: {more} beats more than there should be"
        useful = sum(self.useful(item) for item in items)
        report(vectors=len(wanted), **{self.counted: useful})
        return found

    def _compare(self, index: int, fields: Fields, beat: Beat) -> dict[str, Any]:
        payload = self.payloads[self.output]
        wanted: dict[str, Any] = {
            name: [int(each) for each in value] if isinstance(value, Sequence) else [int(value)]
            for name, value in fields.items()
        }
        found: dict[str, Any] = {name: payload.lanes(beat.data, name) for name in payload.fields}
        if next(s["tlast"] for s in self.manifest["streams"] if s["name"] == self.output):
            found["tlast"] = [int(beat.last)]
        assert set(wanted) == set(found), f"golden gives {', '.join(wanted)}, a beat has {', '.join(found)}"
        for name, value in found.items():
            assert value == wanted[name], f"item {index}: {name} {_text(value)}, golden {_text(wanted[name])}"
        return {name: value[0] if len(value) == 1 else value for name, value in found.items()}

    async def exchange(self, bench: Bench, items: list[Any]) -> Any:
        """Send items and check what comes: returns the fields of all beats.

        An engine whose output is no list of beats that depends on its items alone does this in its own way.
        """
        self.send(bench, items)
        return await self.check(bench, items)

    async def run(self, dut: Any, items: list[Any]) -> Any:
        """Start, and exchange items without pauses: the body of most tests that are the engine's own."""
        bench = Bench(dut, self.manifest)
        await bench.start()
        return await self.exchange(bench, items)

    def ahead(self, name: str) -> int:
        """Return beats of an input that are taken before the engine wants them: those that a register slice holds."""
        found = [
            stream.get("slice", 0)
            for stream in self.manifest["streams"]
            if name in (stream["name"], *(part["name"] for part in stream.get("joins", ())))
        ]
        return found[0]

    def rng(self) -> np.random.Generator:
        """Return random numbers from cocotb's seed."""
        return np.random.default_rng(cocotb.RANDOM_SEED)

    async def recorded(self, dut: Any) -> None:
        """Work without pauses, recorded (:mod:`recorder`): for waveforms, golden vectors and power."""
        bench = Bench(dut, self.manifest)
        await bench.start(recorded=True)
        await self.exchange(bench, self.draw(self.rng(), self.items))

    # The tests.

    def pauses(
        self, name: str = "random_dot_products", *, idle: float = 0.5, backpressure: float = 0.6
    ) -> Any:
        """Return a test: every mixture of pauses at the inputs and backpressure at the outputs."""
        mixtures = cocotb.parametrize(idle=[0.0, idle], backpressure=[0.0, backpressure])

        async def test(dut: Any, idle: float, backpressure: float) -> None:
            """Every mixture of pauses at the inputs and at the output."""
            bench = Bench(dut, self.manifest, idle=idle, backpressure=backpressure)
            await bench.start()
            await self.exchange(bench, self.draw(self.rng(), self.items))

        return cocotb.test()(mixtures(self._named(test, name)))

    def interval_and_latency(self, name: str = "one_beat_a_cycle", *, beats: int = 50) -> Any:
        """Return a test: a beat a cycle, and each beat's output after the stated latency."""

        async def test(dut: Any) -> None:
            """Initiation interval 1, and the stated latency."""
            bench = Bench(dut, self.manifest)
            await bench.start()
            await self.exchange(bench, self.steady(self.rng(), beats))
            taken = [beat.cycle for beat in bench.sent[self.paced]]
            given = [beat.cycle for beat in bench.received[self.output]]
            assert len(taken) == len(given) == beats, f"{len(taken)} beats in, {len(given)} out"
            assert given == list(range(given[0], given[0] + beats)), (
                f"{self.output} were not given every cycle"
            )
            ahead = self.ahead(self.paced)
            taken, given = taken[ahead:], given[ahead:]
            steps = list(range(taken[0], taken[0] + len(taken)))
            assert taken == steps, f"{self.paced} were not taken every cycle"
            latency = {after - before for before, after in zip(taken, given, strict=True)}
            assert latency == {self.manifest["latency"]}, (
                f"latency {latency}, {self.manifest['latency']} stated"
            )

        return cocotb.test()(self._named(test, name))

    def reset_in_the_middle(self, name: str = "reset_in_the_middle") -> Any:
        """Return a test: a reset forgets everything, whatever is in flight."""

        async def test(dut: Any) -> None:
            """A reset forgets everything: nothing old comes out after it."""
            bench = Bench(dut, self.manifest, idle=0.2, backpressure=0.3)
            await bench.start()
            rng = self.rng()
            for _ in range(self.rounds):
                self.send(bench, self.draw(rng, self.items_before))
                await bench.settle(int(rng.integers(5, self.longest)))
                await bench.restart()
                await self.exchange(bench, self.draw(rng, self.items_after))
                await bench.restart()

        return cocotb.test()(self._named(test, name))

    def _named(self, test: Any, name: str) -> Any:
        """Let a test carry a name and the bench's module, as one that was written there."""
        test.__name__ = test.__qualname__ = name
        test.__module__ = type(self).__module__
        return test


def _text(values: list[int]) -> str:
    return str(values[0]) if len(values) == 1 else str(values)
