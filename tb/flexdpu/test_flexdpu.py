"""Bench of the Flex-DPU: every result against golden, under all kinds of pauses, resets, and jobs that are wrong."""

from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_kit import Beats, BenchKit
from bench_report import report
from flexdpu_faults import CAUSES, spoil
from flexdpu_streams import Job
from flexdpu_values import (
    ENGINES,
    FLOATING,
    LANES,
    MANIFEST,
    PARAMETERS,
    SLOTS,
    SUM_BITS,
    WINDOW,
    dense,
    fitting,
    numbers,
    random_values,
)


class FlexDPU(BenchKit):
    """Products in all slots at once, each on a group at random; every beat of results is compared."""

    paced = "vectors_0"
    items, rounds, items_before, items_after = 5, 5, 3, 2
    longest = 60 + 4 * LANES

    def draw(self, rng: np.random.Generator, count: int) -> list[Job]:
        """Return products of up to twice the lanes of a group, three windows and six vectors, of any sparsity."""
        found = []
        for _ in range(count):
            size = int(rng.integers(1, ENGINES + 1))
            rows, vectors = fitting(2 * LANES * size, 6)
            found.append(self.job(rng, size=size, rows=rows, k=3 * WINDOW, vectors=vectors))
        return found

    def job(
        self, rng: np.random.Generator, *, size: int, rows: int, k: int, vectors: int, slot: int = -1
    ) -> Job:
        """Return matrices of up to that size."""
        m, k, n = (int(rng.integers(1, most + 1)) for most in (rows, k, vectors))
        matrices = []
        for shape in ((m, k), (n, k)):
            values = random_values(rng, shape)
            matrices.append(np.where(rng.random(shape) < rng.random(), 0, values))
        return Job(
            matrices[0],
            matrices[1],
            PARAMETERS,
            SUM_BITS,
            int(rng.integers(SLOTS)) if slot < 0 else slot,
            int(rng.integers(ENGINES - size + 1)),
            size,
            int(rng.integers(1 << PARAMETERS["tag_bits"])),
            given_regor=bool(rng.integers(2)),
        )

    def beats(self, items: list[Job]) -> dict[str, Beats]:
        """Return the beats of all inputs."""
        found: dict[str, Beats] = {
            stream["name"]: [] for stream in MANIFEST["streams"] if stream["direction"] == "input"
        }
        for job in items:
            for name, beats in job.beats(self.payloads).items():
                found[name] += beats
        return found

    def useful(self, item: Job) -> int:
        """Return the products of two nonzero operands."""
        return item.useful_macs

    async def exchange(self, bench: Bench, items: list[Job]) -> None:
        """Send jobs, wait for all results, compare them."""
        for slot in range(SLOTS):
            bench.received[f"results_{slot}"].clear()
        tasks = [bench.send(name, beats) for name, beats in self.beats(items).items()]
        compared = 0
        for slot in range(SLOTS):
            self.output = f"results_{slot}"
            wanted = [
                (number, fields)
                for number, job in enumerate(items)
                if job.slot == slot
                for fields in job.expected()
            ]
            received = await bench.wait_for(self.output, len(wanted))
            for (number, fields), beat in zip(wanted, received, strict=False):
                self._compare(number, fields, beat)
            compared += len(wanted)
        await bench.settle(20)
        for slot in range(SLOTS):
            extra = len(bench.received[f"results_{slot}"]) - sum(
                len(job.expected()) for job in items if job.slot == slot
            )
            assert not extra, f"results_{slot}: {extra} beats more than there should be"
            assert not int(getattr(bench.dut, f"error_{slot}").value), f"error in slot {slot}"
            assert not int(getattr(bench.dut, f"busy_{slot}").value), f"slot {slot} is busy"
        assert all(task.done() for task in tasks), "an input hangs"
        assert not int(bench.dut.occupied.value)
        report(vectors=compared, useful_macs=sum(job.useful_macs for job in items))


KIT = FlexDPU()
random_products = KIT.pauses("random_products")
reset_in_the_middle = KIT.reset_in_the_middle()


@cocotb.test()
async def edges(dut: Any) -> None:
    """One element, nothing at all, empty rows and positions, everything full, one vector only."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    one = np.array([[1]])
    full, vectors = dense(rng, LANES, 3)
    sparse, few = np.zeros_like(full), np.zeros_like(vectors)
    sparse[1:2, 0] = sparse[-1, -1] = few[1, 0] = few[-1, -1] = 1
    none, no_vectors = np.zeros_like(full), np.zeros_like(vectors)
    for number, (left, right) in enumerate(
        (
            (one, one),
            (full, vectors),
            (sparse, vectors),
            (full, few),
            (none, vectors[:2]),
            (full, no_vectors[:2]),
            (np.tril(full), vectors[:1]),
            (full[:, :1], vectors[:2, :1]),
            (np.hstack([full, none]), np.hstack([vectors, vectors])[:1]),
        )
    ):
        size = 1 + number % ENGINES
        job = Job(left, right, PARAMETERS, SUM_BITS, number % SLOTS, ENGINES - size, size, number)
        await KIT.exchange(bench, [job])


@cocotb.test()
async def one_vector_a_cycle(dut: Any) -> None:
    """Initiation interval 1 in a fold, and the stated latency from the last vector to its result."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    _, count = fitting(1, 50)
    rows = random_values(rng, (1, WINDOW))
    vectors = random_values(rng, (count, WINDOW))
    job = Job(np.where(rows == 0, 1, rows), vectors, PARAMETERS, SUM_BITS, 0, 0, 1, 1)
    assert sum(map(len, job.folds)) == 1
    await KIT.exchange(bench, [job])
    taken = [beat.cycle for beat in bench.sent["vectors_0"]][KIT.ahead("vectors_0") :]
    assert taken == list(range(taken[0], taken[0] + len(taken))), "vectors were not taken every cycle"


@cocotb.test()
async def order_of_additions(dut: Any) -> None:
    """Numbers so far apart that floating-point sums in another order have other bits."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    for number in range(12 if FLOATING else 2):
        size = 1 + number % ENGINES
        rows, vectors = (numbers(rng, (count, 3 * WINDOW), 8) for count in fitting(4 * size, 4))
        rows = np.where(rng.random(rows.shape) < 0.25, 0, rows)
        await KIT.exchange(bench, [Job(rows, vectors, PARAMETERS, SUM_BITS, 0, 0, size, number)])


@cocotb.test()
async def vectors_stop_inside_a_fold(dut: Any) -> None:
    """The next fold, loaded meanwhile, comes back to a vector while that is still being added to."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    loading = 60 + 8 * LANES * ENGINES
    for count in range(1, 1 + fitting(1, 2 + PARAMETERS["adder_pipeline"])[1]):
        values = random_values(rng, (1 + count, 6 * WINDOW))
        values = np.where(values == 0, 1, values)
        size = 1 + count % ENGINES
        job = Job(values[:1], values[1:], PARAMETERS, SUM_BITS, count % SLOTS, 0, size, count)
        assert [len(folds) for folds in job.folds] == [1] * 6
        KIT.output = f"results_{job.slot}"
        bench.received[KIT.output].clear()
        beats = job.beats(KIT.payloads)
        vectors = beats.pop(f"vectors_{job.slot}")
        for name, own in beats.items():
            bench.send(name, own)
        # The first vector of every other fold is ahead of the others of two folds.
        for first in range(1 - 2 * count, len(vectors), 2 * count):
            task = bench.send(f"vectors_{job.slot}", vectors[max(0, first) : first + 2 * count])
            while not task.done():
                await bench.settle(1)
            await bench.settle(loading)
        wanted = job.expected()
        received = await bench.wait_for(KIT.output, len(wanted))
        for fields, beat in zip(wanted, received, strict=True):
            KIT._compare(count, fields, beat)
        report(vectors=len(wanted), useful_macs=job.useful_macs)
        await bench.settle(5)


@cocotb.test()
@cocotb.parametrize(what=list(CAUSES))
async def wrong_jobs(dut: Any, what: str) -> None:
    """An error is seen, its cause is kept, all that comes is taken; others go on; clear heals, without a reset."""
    bench = Bench(dut, MANIFEST, backpressure=0.2)
    await bench.start()
    rng = KIT.rng()
    rows, vectors = dense(rng, LANES, 3)
    job = Job(rows, vectors, PARAMETERS, SUM_BITS, 0, 0, 1, 3)
    beats = spoil(job, what, KIT.payloads)
    if beats is None:
        report(vectors=1)
        return
    beside: list[Job] = []
    if SLOTS > 1 and ENGINES > 1:
        beside = [Job(rows, vectors, PARAMETERS, SUM_BITS, 1, ENGINES - 1, 1, 4)]
    others = [bench.send(name, own) for each in beside for name, own in each.beats(KIT.payloads).items()]
    # Whatever is wrong, more of the same follows.
    tasks = [bench.send(name, own * 3) for name, own in beats.items()]
    for _ in range(40 + 60 * LANES * WINDOW):
        if int(dut.error_0.value) and all(task.done() for task in tasks):
            break
        await bench.settle(1)
    assert int(dut.error_0.value), "no error was seen"
    assert int(dut.cause_0.value) == CAUSES[what], f"cause {int(dut.cause_0.value)}"
    assert all(task.done() for task in tasks), "an input hangs"
    for each in beside:
        wanted = each.expected()
        found = await bench.wait_for("results_1", len(wanted))
        KIT.output = "results_1"
        for fields, beat in zip(wanted, found, strict=True):
            KIT._compare(0, fields, beat)
        assert all(task.done() for task in others)
    dut.clear_0.value = 1
    await bench.settle(1)
    dut.clear_0.value = 0
    await bench.settle(2)
    assert not int(dut.error_0.value)
    await KIT.exchange(bench, [job])


@cocotb.test()
async def clear_at_any_time(dut: Any) -> None:
    """A job that is thrown away while it loads, streams or leaves is forgotten; its neighbour is not disturbed."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    job = Job(*dense(rng, LANES, 2), PARAMETERS, SUM_BITS, 0, 0, 1, 3)
    for cycles in range(1, 90, 7):
        for name, own in job.beats(KIT.payloads).items():
            bench.send(name, own)
        await bench.settle(cycles)
        for task in bench._tasks:
            task.cancel()
        bench._tasks.clear()
        for name, stream in bench.streams.items():
            if stream["direction"] == "input":
                bench._set(stream, tvalid=0)
            else:
                bench._tasks.append(cocotb.start_soon(bench._sink(name)))
        dut.clear_0.value = 1
        await bench.settle(1)
        dut.clear_0.value = 0
        await bench.settle(2)
        await KIT.exchange(bench, [job])


@cocotb.test()
async def side_by_side(dut: Any) -> None:
    """A group begins, streams and ends in every cycle of its neighbour's job, and neither notices the other."""
    if SLOTS < 2 or ENGINES < 2:
        report(vectors=1)
        return
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    rows, vectors = dense(rng, LANES, 12)
    long = Job(rows, vectors, PARAMETERS, SUM_BITS, 0, 0, ENGINES - 1, 1)
    short = Job(rows[:2], vectors[:3], PARAMETERS, SUM_BITS, 1, ENGINES - 1, 1, 2)
    for delay in range(60):
        for slot in range(SLOTS):
            bench.received[f"results_{slot}"].clear()
        for name, beats in long.beats(KIT.payloads).items():
            bench.send(name, beats)
        if delay:
            await bench.settle(delay)
        for name, beats in short.beats(KIT.payloads).items():
            bench.send(name, beats)
        for job in (long, short):
            KIT.output = f"results_{job.slot}"
            wanted = job.expected()
            received = await bench.wait_for(KIT.output, len(wanted))
            for fields, beat in zip(wanted, received, strict=True):
                KIT._compare(delay, fields, beat)
        report(vectors=len(long.expected()) + len(short.expected()), useful_macs=long.useful_macs)
        await bench.settle(3)
