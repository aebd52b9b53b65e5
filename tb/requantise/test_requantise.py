"""Bench of the post-processing unit: elements, scale and last against golden, bit for bit."""

import itertools
from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_report import manifest, report

from dotforge_golden.requantise import requantise

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
VECTOR = PARAMETERS["vector"]
ELEMENT_BITS, SCALE_BITS = PARAMETERS["element_bits"], PARAMETERS["scale_bits"]
SUM_BITS, UNIT_BITS = PARAMETERS["sum_bits"], PARAMETERS["unit_bits"]
LARGEST = 2 ** (ELEMENT_BITS - 1) - 1
LOW, HIGH = -(2 ** (SUM_BITS - 1)), 2 ** (SUM_BITS - 1) - 1


@dataclass
class Vector:
    """Sums of a vector and its unit; ``last`` ends it early, or comes with its last sum."""

    sums: np.ndarray
    unit: int
    last: bool


def random_vector(rng: np.random.Generator, length: int | None = None) -> Vector:
    """A vector whose scale may be anything: zero, one, in the middle, the largest, far too large."""
    unit = int(2 ** rng.uniform(0, UNIT_BITS))
    wanted = rng.choice([0.4, 1, rng.uniform(0, 2**SCALE_BITS), 2**SCALE_BITS, 2 ** (SCALE_BITS + 2)])
    reach = min(HIGH, max(1, int(wanted * unit * LARGEST)))
    length = int(rng.integers(1, VECTOR + 1)) if length is None else length
    sums = rng.integers(-reach, reach + 1, length)
    if rng.random() < 0.3:  # ties: multiples of half a unit
        sums = np.clip(rng.integers(-2 * LARGEST, 2 * LARGEST + 1, length) * max(1, unit // 2), LOW, HIGH)
    if rng.random() < 0.2:
        sums[rng.integers(length)] = rng.choice([LOW, HIGH])
    if rng.random() < 0.1:
        sums[:] = 0
    return Vector(sums, unit, length < VECTOR or bool(rng.random() < 0.3))


def expected(vector: Vector) -> tuple[list[int], int, bool]:
    """Golden elements, filled with zeros, and scale."""
    elements, scales = requantise(
        vector.sums,
        [vector.unit],
        vector=VECTOR,
        element_bits=ELEMENT_BITS,
        scale_bits=SCALE_BITS,
        scale_rounding=PARAMETERS["scale_rounding"],
    )
    padded = [int(element) for element in elements] + [0] * (VECTOR - len(elements))
    return padded, int(scales[0]), vector.last


def send(bench: Bench, vectors: list[Vector], rng: np.random.Generator) -> None:
    """Queue sums; only the unit beside a vector's last sum is right."""
    beats: list[tuple[int, bool]] = []
    for vector in vectors:
        for index, value in enumerate(vector.sums):
            ends = index == len(vector.sums) - 1
            unit = vector.unit if ends else int(rng.integers(2**UNIT_BITS))
            beats.append((bench.payloads["sums"].pack(sum=int(value), unit=unit), ends and vector.last))
    bench.send("sums", beats)


async def check(bench: Bench, vectors: list[Vector]) -> None:
    """Wait for the vectors and compare."""
    received = await bench.wait_for("activations", len(vectors))
    scales = set()
    for index, (vector, beat) in enumerate(zip(vectors, received, strict=True)):
        elements, scale, last = expected(vector)
        mask = 2**ELEMENT_BITS - 1
        packed = sum((element & mask) << number * ELEMENT_BITS for number, element in enumerate(elements))
        found = beat.data & (1 << VECTOR * ELEMENT_BITS) - 1
        assert bench.payloads["activations"].unpack(beat.data, "scale") == scale, f"scale of vector {index}"
        assert found == packed, f"vector {index}: {found:x}, golden {packed:x}"
        assert beat.last == last, f"vector {index}: tlast {beat.last}"
        scales.add(scale)
    await bench.settle(MANIFEST["latency"] + 20)
    assert len(bench.received["activations"]) == len(vectors), "more vectors than there are"
    report(vectors=len(vectors), scales=len(scales))


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.6], backpressure=[0.0, 0.9])
async def random_vectors(dut: Any, idle: float, backpressure: float) -> None:
    """Every mixture of pauses at the input and at the output; vectors that end early."""
    bench = Bench(dut, MANIFEST, idle=idle, backpressure=backpressure)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    vectors = [random_vector(rng) for _ in range(40)]
    send(bench, vectors, rng)
    await check(bench, vectors)


@cocotb.test()
async def latency_and_period(dut: Any) -> None:
    """A lone vector takes the stated latency; vectors in a row keep the stated distance."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    vectors = [random_vector(rng, VECTOR) for _ in range(8)]
    send(bench, vectors, rng)
    await check(bench, vectors)
    taken = [beat.cycle for beat in bench.sent["sums"]][VECTOR - 1 :: VECTOR]
    given = [beat.cycle for beat in bench.received["activations"]]
    assert given[0] - taken[0] == MANIFEST["latency"]
    period = MANIFEST["latency"] - 1
    distances = {after - before for before, after in itertools.pairwise(given)}
    assert distances == {max(period, VECTOR)}, f"{distances} cycles between vectors, {period} expected"
    assert MANIFEST["initiation_interval"] == -(-period // VECTOR)


@cocotb.test()
async def every_scale(dut: Any) -> None:
    """Maxima just below, at and above the places where the scale rounds (of many scales, 200 places)."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    unit = min(2**UNIT_BITS - 1, max(1, HIGH // (LARGEST * 2**SCALE_BITS)))
    scales = np.arange(2**SCALE_BITS)
    if len(scales) > 100:
        scales = np.sort(rng.choice(scales, 100, replace=False))
    vectors = []
    for scale in scales:
        for place in (scale * LARGEST * unit, (2 * scale + 1) * LARGEST * unit // 2):
            for maximum in range(int(place) - 1, int(place) + 2):
                sums = np.array([min(HIGH, max(0, maximum)), 0, -1, 1])
                sums[1] = -sums[0] if rng.random() < 0.5 else sums[0] // 2
                vectors.append(Vector(sums, unit, True))
    send(bench, vectors, rng)
    await check(bench, vectors)


@cocotb.test()
async def every_element(dut: Any) -> None:
    """Sums just below, at and above the places where an element rounds, of either sign."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    vectors = []
    for scale in {1, 2, 2**SCALE_BITS - 1, 2 ** (SCALE_BITS - 1) + 1}:
        unit = int(min(2**UNIT_BITS - 1, max(1, HIGH // (LARGEST * scale)), 4 + rng.integers(90)))
        places = [(2 * element + 1) * scale * unit // 2 for element in range(LARGEST + 1)]
        values = [sign * (place + offset) for place in places for offset in (-1, 0, 1) for sign in (1, -1)]
        peak = min(HIGH, LARGEST * scale * unit)
        values = [value for value in values if abs(value) <= peak]
        for start in range(0, len(values), VECTOR - 1):
            vectors.append(Vector(np.array([peak, *values[start : start + VECTOR - 1]]), unit, True))
    send(bench, vectors, rng)
    await check(bench, vectors)


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset forgets everything."""
    bench = Bench(dut, MANIFEST, idle=0.2, backpressure=0.3)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    for _ in range(5):
        send(bench, [random_vector(rng) for _ in range(10)], rng)
        await bench.settle(int(rng.integers(5, 300)))
        await bench.restart()
        vectors = [random_vector(rng) for _ in range(4)]
        send(bench, vectors, rng)
        await check(bench, vectors)
        await bench.restart()
