"""Bench of the Flex-DPE: every sum against golden, under all kinds of pauses, resets and malformed streams."""

from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_kit import Beats, BenchKit
from bench_report import manifest, report
from flexdpe_streams import Job, check

from dotforge_golden.formats import lookup

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
SUM_BITS = next(
    field["width"]
    for stream in MANIFEST["streams"]
    for field in stream["fields"]
    if (stream["name"], field["name"]) == ("sums", "value")
)
LANES, WINDOW = PARAMETERS["lanes"], PARAMETERS["window"] or PARAMETERS["lanes"]


def random_values(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Integers of the whole range, or encodings: numbers near one, and now and then any."""
    name = PARAMETERS["format"]
    if name.startswith("int"):
        half = 1 << int(name[3:]) - 1
        return rng.integers(-half, half, shape)
    format = lookup(name.upper())
    near = format.encode(rng.normal(size=shape) * 2.0 ** rng.integers(-4, 5, shape))
    anything = rng.integers(0, 1 << format.width, shape).astype(near.dtype)
    return np.where(rng.random(shape) < 0.02, anything, near)


def row_ids(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return so many ids that rise, from the whole range of them."""
    found = np.unique(rng.integers(0, 1 << PARAMETERS["row_bits"], 4 * count))
    return np.sort(rng.permutation(found)[:count]) if len(found) >= count else np.arange(count)


class FlexDPE(BenchKit):
    """Products of matrices, one after the other; sums are compared slot by slot (:func:`flexdpe_streams.check`)."""

    paced = "vectors"
    items, rounds, items_before, items_after = 4, 6, 1, 1
    longest = 40 + 4 * LANES

    def draw(self, rng: np.random.Generator, count: int) -> list[Job]:
        """Return products of up to twice the lanes, twice the window and six vectors, each matrix of any sparsity."""
        return [self.job(rng, rows=2 * LANES, k=2 * WINDOW, vectors=6) for _ in range(count)]

    def job(self, rng: np.random.Generator, *, rows: int, k: int, vectors: int) -> Job:
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
            given_regor=bool(rng.integers(2)),
            row_ids=row_ids(rng, m),
            rng=rng if rng.integers(2) else None,
        )

    def beats(self, items: list[Job]) -> dict[str, Beats]:
        """Return the beats of all inputs."""
        each = [job.beats(self.payloads) for job in items]
        return {name: [beat for beats in each for beat in beats[name]] for name in each[0]}

    def useful(self, item: Job) -> int:
        """Return the products of two nonzero operands."""
        return item.useful_macs

    async def exchange(self, bench: Bench, items: list[Job]) -> None:
        """Send a job, wait for its sums, compare them; then the next one."""
        for job in items:
            bench.received["sums"].clear()
            tasks = [bench.send(name, beats) for name, beats in self.beats([job]).items()]
            await self._done(bench, tasks, sum(map(len, job.folds)))
            compared = check(job, self.payloads["sums"], bench.received["sums"])
            assert not int(bench.dut.error.value), f"error {int(bench.dut.error_cause.value)}"
            # A job without a product of two nonzero operands gives no sum, and that was checked.
            report(vectors=max(1, compared), useful_macs=job.useful_macs)

    async def _done(self, bench: Bench, tasks: list[Any], folds: int) -> None:
        """Wait until everything is sent and every fold has ended."""
        silent, before, ended = 0, 0, 0
        while ended < folds or not all(task.done() for task in tasks):
            await bench.settle(1)
            ended = sum(beat.last for beat in bench.received["sums"])
            moved = sum(map(len, bench.sent.values())) + len(bench.received["sums"])
            silent, before = (0 if moved > before else silent + 1), moved
            assert silent < 3000, (
                f"sums: {ended} of {folds} folds, then nothing moved for {silent} cycles: "
                "does an input hang, or tvalid wait for tready?"
            )
        await bench.settle(20)


KIT = FlexDPE()
random_products = KIT.pauses("random_products")
reset_in_the_middle = KIT.reset_in_the_middle()


@cocotb.test()
async def edges(dut: Any) -> None:
    """One element, nothing at all, empty rows and positions, everything full."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    one = np.array([[1]])
    full = random_values(rng, (LANES, WINDOW))
    full = np.where(full == 0, 1, full)
    sparse = np.zeros_like(full)
    sparse[1, 0] = sparse[-1, -1] = 1
    none = np.zeros_like(full)
    for rows, vectors in (
        (one, one),
        (full, full[:3]),
        (sparse, full[:3]),
        (full, sparse[:3]),
        (none, full[:2]),
        (full, none[:2]),
        (np.tril(full), full[:1]),
        (full[:, :1], full[:2, :1]),
    ):
        await KIT.exchange(bench, [Job(rows, vectors, PARAMETERS, SUM_BITS)])


@cocotb.test()
async def one_vector_a_cycle(dut: Any) -> None:
    """Initiation interval 1 in a fold, and the stated latency."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    rows = random_values(rng, (LANES, WINDOW))
    job = Job(
        np.where(rows == 0, 1, rows)[: max(1, LANES // WINDOW)],
        random_values(rng, (50, WINDOW)),
        PARAMETERS,
        SUM_BITS,
    )
    assert sum(map(len, job.folds)) == 1
    await KIT.exchange(bench, [job])
    taken = [beat.cycle for beat in bench.sent["vectors"]][KIT.ahead("vectors") :]
    assert taken == list(range(taken[0], taken[0] + len(taken))), "vectors were not taken every cycle"
    assert bench.received["sums"][-1].cycle - taken[-1] == MANIFEST["latency"]


#: error_cause of what is done to a stream
CAUSES = {
    "row_order": 1,
    "count": 2,
    "surplus": 3,
    "late_last": 3,
    "early_last": 4,
    "missing_bits": 3,
    "settings": 5,
}


def spoil(job: Job, bench: Bench, what: str) -> dict[str, list[tuple[int, bool]]] | None:
    """Return the beats of a job with one of them wrong, or ``None`` where that cannot be."""
    beats = job.beats(KIT.payloads)
    rows, values = KIT.payloads["rows"], KIT.payloads["stationary"]
    width = PARAMETERS["stationary_bandwidth"]
    if what == "row_order":
        first, second = beats["rows"][:2]
        beats["rows"][:2] = [(second[0], False), (first[0], second[1])]
    elif what == "count":
        if width == 1:
            return None
        beats["stationary"][0] = (values.pack(values=[1] * width, count=width + 1), False)
    elif what == "surplus":
        beats["stationary"][-1] = (beats["stationary"][-1][0], False)
        beats["stationary"].append((values.pack(values=[1] * width, count=1), True))
    elif what == "late_last":
        beats["stationary"][-1] = (beats["stationary"][-1][0], False)
        beats["stationary"] += beats["stationary"]
    elif what == "early_last":
        beats["stationary"][0] = (beats["stationary"][0][0], True)
    elif what == "missing_bits":
        bits = job.row_bits[:, job.parts[0]][0].copy()
        bits[np.flatnonzero(bits)[0]] = False
        beats["rows"][0] = (rows.pack(row=0, bitmap=bits), beats["rows"][0][1])
    elif "settings" not in beats:
        return None
    else:
        beats["settings"][0] = (beats["settings"][0][0], True)
    return beats


async def refused(bench: Bench, beats: dict[str, Any], cause: int) -> None:
    """Send beats, and more of the same: an error is seen, its cause is kept, and everything is taken."""
    dut = bench.dut
    tasks = [bench.send(name, own * 3) for name, own in beats.items()]
    for _ in range(40 + 40 * LANES * WINDOW):
        if int(dut.error.value) and all(task.done() for task in tasks):
            break
        await bench.settle(1)
    assert int(dut.error.value), "no error was seen"
    assert int(dut.error_cause.value) == cause, f"cause {int(dut.error_cause.value)}"
    assert all(task.done() for task in tasks), "an input hangs"
    await bench.restart()
    await bench.settle(2)
    assert not int(dut.error.value)


@cocotb.test()
@cocotb.parametrize(what=list(CAUSES))
async def malformed(dut: Any, what: str) -> None:
    """An error is seen, its cause is kept, everything that comes after is taken, and a reset heals."""
    bench = Bench(dut, MANIFEST, backpressure=0.2)
    await bench.start()
    rng = KIT.rng()
    full = random_values(rng, (LANES, WINDOW))
    job = Job(np.where(full == 0, 1, full), np.where(full == 0, 1, full)[:3], PARAMETERS, SUM_BITS)
    beats = spoil(job, bench, what)
    if beats is None:
        report(vectors=1)
        return
    await refused(bench, beats, CAUSES[what])
    await KIT.exchange(bench, [job])


@cocotb.test()
async def row_order(dut: Any) -> None:
    """Ids that do not rise are seen, whichever of their bits tells; those that rise are not."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = KIT.rng()
    ones = np.ones((2, WINDOW), int)
    bits = PARAMETERS["row_bits"]
    for bit in (None, *range(bits)):
        low = high = int(rng.integers(1 << bits))
        if bit is not None:
            # The same above the bit, the opposite below it.
            low, high = low & ~(1 << bit), (low | 1 << bit) ^ (1 << bit) - 1
            await KIT.exchange(bench, [Job(ones, ones, PARAMETERS, SUM_BITS, row_ids=np.array([low, high]))])
        job = Job(ones, ones, PARAMETERS, SUM_BITS, row_ids=np.array([high, low]))
        await refused(bench, job.beats(KIT.payloads), CAUSES["row_order"])
