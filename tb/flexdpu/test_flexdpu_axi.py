"""Bench of the Flex-DPU with packets and registers.

It is driven by the bench kit (:mod:`axi_system`), or by masters, sources and sinks that are not ours where
``DOTFORGE_BENCH_CLIENT`` is ``cocotbext`` (:mod:`cocotbext_system`).
"""

from typing import Any

import cocotb
from bench_report import report
from flexdpu_unit import (
    ADDING,
    BEAT,
    BUSY,
    CAUSE,
    COMMAND,
    CONTROL,
    CYCLES,
    DECERR,
    ERRORS,
    JOBS,
    LANES,
    LOADING,
    OKAY,
    PARAMETERS,
    PUSH,
    REFUSED,
    RESULTS,
    SIZE,
    SLOT,
    SLOTS,
    SLVERR,
    STATUS,
    STREAMING,
    WINDOW,
    Job,
    Unit,
    rng,
)


@cocotb.test()
async def parameters_are_told(dut: Any) -> None:
    """Identification, size and formats; what cannot be written or is not there answers so."""
    unit = Unit(dut, 0)
    await unit.reset()
    assert (await unit.read(0)).to_bytes(4, "little") == b"DFPU"
    geometry = await unit.read(0x08)
    assert geometry == PARAMETERS["engines"] | SLOTS << 8 | LANES << 16
    assert await unit.read(0x0C) & 0xFFFF == WINDOW
    assert 1 << (await unit.read(0x10) >> 16 & 15) == BEAT
    await unit.write(0x1C, 0xDEADBEEF)
    assert await unit.write_bytes(0x1D, b"\x12") == OKAY
    assert await unit.read(0x1C) == 0xDEAD12EF
    await unit.write(0x08, 1, SLVERR)
    await unit.write(0x3C, 1, DECERR)
    await unit.read(0x3C, DECERR)
    assert await unit.read(0x08) == geometry
    assert await unit.read(REFUSED) == 8
    assert await unit.read(0x28) == 0x08
    await unit.write(REFUSED, 15)
    assert await unit.read(REFUSED) == 0
    report(vectors=1)


@cocotb.test()
@cocotb.parametrize(pause=[0.0, 0.4])
async def jobs_side_by_side(dut: Any, pause: float) -> None:
    """Two jobs in each slot, one behind the other, packets sent before anybody has asked; then the registers."""
    unit, draw = Unit(dut, pause), rng()
    await unit.reset()
    each = min(2, PARAMETERS["job_queue"])
    jobs = []
    for number in range(each * SLOTS):
        slot = number % SLOTS
        jobs.append(Job(draw, 0x100 + number, (slot, slot * SIZE, SIZE), number // SLOTS % 2))
    for job in jobs:
        job.send(unit, rows=int(draw.integers(0, 4)))
        await job.push(unit)
    for slot in range(SLOTS):
        assert await unit.slot(slot, STATUS) >> 8 & 0xFF == each
    await unit.write(CONTROL, 1)
    for job in jobs:
        await job.check(unit)
    await unit.settle(4)
    assert await unit.read(BUSY) == 0
    assert await unit.read(ERRORS) == 0
    for slot in range(SLOTS):
        assert await unit.slot(slot, JOBS) == each
        counts = [await unit.slot(slot, register) for register in (LOADING, STREAMING, ADDING, RESULTS)]
        assert sum(counts) == await unit.slot(slot, CYCLES) > 0


#: Cause of what is done to a packet.
CAUSES = {"cut off": 21, "too long": 22, "magic": 16, "tag": 19, "order": 20}


def spoilt(packets: list[bytes], what: str) -> list[bytes]:
    """Return the packets of a stream with one of them wrong."""
    first = packets[0]
    return {
        "cut off": [first[:-BEAT], *packets[1:]],
        "too long": [first + bytes(BEAT), *packets[1:]],
        "magic": [b"??" + first[2:], *packets[1:]],
        "tag": [first[:6] + b"\xff\xff" + first[8:], *packets[1:]],
        "order": [packets[-1], *packets[:-1]],
    }[what]


@cocotb.test()
@cocotb.parametrize(what=list(CAUSES))
async def bad_packets(dut: Any, what: str) -> None:
    """A slot with a bad packet stops with a cause; the others go on; after clear it takes jobs again."""
    unit, draw = Unit(dut, 0.2), rng()
    await unit.reset()
    await unit.write(CONTROL, 1)
    bad = Job(draw, 7, (0, 0, SIZE), 0)
    bad.a[:], bad.b[:] = 1, 1
    stationary, streaming = bad.packets(rows=max(1, bad.m - 1))
    if what in ("cut off", "order"):
        stationary = spoilt(stationary, what)
    else:
        streaming = spoilt(streaming, what)
    await bad.push(unit)
    unit.send("stationary", 0, stationary)
    unit.send("streaming", 0, streaming)
    others = [Job(draw, 8, (slot, slot * SIZE, SIZE), 1) for slot in range(1, SLOTS)]
    for other in others:
        await other.push(unit)
        other.send(unit)
    assert await unit.fails(0) == CAUSES[what]
    for other in others:
        await other.check(unit)
    await unit.sent()  # everything is taken, so that no DMA engine hangs
    await unit.write(SLOT + COMMAND, 1)
    assert await unit.read(ERRORS) == 0
    assert await unit.slot(0, STATUS) & 3 == 0
    await unit.settle(30)
    unit.forget(0)
    good = Job(draw, 9, (0, 0, SIZE), 0)
    await good.push(unit)
    good.send(unit)
    await good.check(unit)


@cocotb.test()
async def refused_writes(dut: Any) -> None:
    """A queue that is full, no such slot, counters of a slot that runs: refused, sticky, and no harm done."""
    unit, draw = Unit(dut, 0), rng()
    await unit.reset()
    jobs = [Job(draw, number, (0, 0, SIZE), 0) for number in range(PARAMETERS["job_queue"])]
    for job in jobs:
        await job.push(unit)
    await jobs[0].push(unit, SLVERR)
    assert await unit.read(REFUSED) == 1
    assert await unit.read(0x28) == PUSH
    await Job(draw, 99, (SLOTS, 0, SIZE), 0).push(unit, SLVERR)
    assert await unit.read(REFUSED) == 5
    await unit.write(SLOT + COMMAND, 2)
    await unit.write(CONTROL, 1)
    await unit.settle(10)
    await unit.write(SLOT + COMMAND, 2, SLVERR)
    assert await unit.read(REFUSED) == 7
    await unit.write(REFUSED, 7)
    for job in jobs:
        job.send(unit)
        await job.check(unit)
    await unit.settle(4)
    assert await unit.slot(0, JOBS) == len(jobs)


@cocotb.test()
async def impossible_jobs(dut: Any) -> None:
    """No such group, no rows, a number that does not fit: the engine's own causes, and the slot goes on after clear."""
    unit, draw = Unit(dut, 0.2), rng()
    await unit.reset()
    await unit.write(CONTROL, 1)
    engines = PARAMETERS["engines"]
    cases: list[tuple[int, int, dict[str, int], int]] = [
        (0, 0, {}, 5),
        (engines - 1, 2, {}, 5),
        (0, engines + 1, {}, 5),
        (255, 1, {}, 5),
        (0, SIZE, {"m": 0}, 6),
        (0, SIZE, {"n": 1 << 30}, 6),
        # What is left of these where the upper bits are cut off is a job that could be done.
        (0, SIZE, {"n": 1 << 30 | 1}, 6),
        (0, SIZE, {"m": 1 << 30 | 1}, 6),
        (0, SIZE, {"k": 0}, 6),
    ]
    for number, (first, size, changes, cause) in enumerate(cases):
        job = Job(draw, number, (0, first, size), 0)
        vars(job).update(changes)
        await job.push(unit)
        assert await unit.fails(0) == cause
        await unit.write(SLOT + COMMAND, 1)
    job = Job(draw, 61, (0, 0, SIZE), 1)
    await job.push(unit)
    job.send(unit)
    await job.check(unit)


@cocotb.test()
async def clear_at_any_time(dut: Any) -> None:
    """A job is thrown away while its packets come: what is begun ends, and jobs of the slot and of others come out."""
    unit, draw = Unit(dut, 0.1), rng()
    await unit.reset()
    await unit.write(CONTROL, 1)
    for number in range(6):
        job = Job(draw, 2 * number, (0, 0, SIZE), 0)
        others = [Job(draw, 100 + number, (slot, slot * SIZE, SIZE), 1) for slot in range(1, SLOTS)]
        for each in (job, *others):
            await each.push(unit)
            each.send(unit)
        await unit.settle(int(draw.integers(1, 120)))
        await unit.write(SLOT + COMMAND, 1)
        # What is left of its packets waits for a job; one that nothing is due for throws it away.
        await Job(draw, 0xFFFF, (0, 0, 0), 0).push(unit)
        assert await unit.fails(0) == 5
        for other in others:
            await other.check(unit)
        await unit.sent()
        await unit.write(SLOT + COMMAND, 1)
        await unit.settle(30)
        unit.forget(0)
        good = Job(draw, 2 * number + 1, (0, 0, SIZE), number % 2)
        await good.push(unit)
        good.send(unit)
        await good.check(unit)


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset forgets jobs that wait or run, packets that came in part, results, settings and counters."""
    unit, draw = Unit(dut, 0.1), rng()
    await unit.reset()
    for number in range(6):
        await unit.write(CONTROL, number % 3 > 0)  # now and then all wait
        places = [(slot, slot * SIZE, SIZE) for slot in range(SLOTS)]
        for place in places * min(2, PARAMETERS["job_queue"]):
            job = Job(draw, 2 * number, place, 0)
            await job.push(unit)
            job.send(unit)
        await unit.settle(int(draw.integers(1, 150)))
        await unit.restart()
        for register in (CONTROL, REFUSED, BUSY, ERRORS):
            assert await unit.read(register) == 0
        for slot in range(SLOTS):
            assert await unit.slot(slot, STATUS) & 0xFF03 == 0
            for register in (CAUSE, JOBS, CYCLES, LOADING, STREAMING, ADDING, RESULTS):
                assert await unit.slot(slot, register) == 0
        await unit.write(CONTROL, 1)
        jobs = [Job(draw, 2 * number + 1, place, 1) for place in places]
        for job in jobs:
            await job.push(unit)
            job.send(unit)
        for job in jobs:
            await job.check(unit)
        await unit.restart()


class _Kit:
    """What the recorded run wants of a bench."""

    async def recorded(self, dut: Any) -> None:
        """Run a job in each slot at full speed."""
        unit, draw = Unit(dut, 0), rng()
        await unit.reset(recorded=True)
        await unit.write(CONTROL, 1)
        jobs = [Job(draw, 1 + slot, (slot, slot * SIZE, SIZE), 0) for slot in range(SLOTS)]
        for job in jobs:
            await job.push(unit)
            job.send(unit)
        for job in jobs:
            await job.check(unit)


KIT = _Kit()
