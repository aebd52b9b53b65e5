"""Bench of the post-processing unit: elements, scale and last against golden, bit for bit."""

import itertools
from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_kit import Beats, BenchKit, Fields
from bench_report import parameters

from dotforge_golden.mx import decode_scales
from dotforge_golden.requantise import requantise, requantise_nvfp4

PARAMETERS = parameters()
VECTOR = PARAMETERS["vector"]
ELEMENT_BITS, SCALE_BITS = PARAMETERS["element_bits"], PARAMETERS["scale_bits"]
SUM_BITS, UNIT_BITS = PARAMETERS["sum_bits"], PARAMETERS["unit_bits"]
LARGEST = 2 ** (ELEMENT_BITS - 1) - 1
NVFP4 = PARAMETERS["format"] == "nvfp4"
LOW, HIGH = -(2 ** (SUM_BITS - 1)), 2 ** (SUM_BITS - 1) - 1


@dataclass
class Vector:
    """Sums of a vector and its unit; ``last`` ends it early, or comes with its last sum."""

    sums: np.ndarray
    unit: int
    last: bool


class Requantise(BenchKit):
    """Vectors whose scale may be anything: zero, one, in the middle, the largest, far too large."""

    output, paced, counted = "activations", "sums", "values"
    items = 40
    longest, items_before, items_after = 300, 10, 4

    def draw(self, rng: np.random.Generator, count: int) -> list[Vector]:
        """Return vectors of any length."""
        return [self.vector(rng) for _ in range(count)]

    def vector(self, rng: np.random.Generator, length: int | None = None) -> Vector:
        """Return a vector."""
        unit = int(2 ** rng.uniform(0, UNIT_BITS))
        wanted = rng.choice([0.4, 1, rng.uniform(0, 2**SCALE_BITS), 2**SCALE_BITS, 2 ** (SCALE_BITS + 2)])
        reach = min(HIGH, max(1, int(wanted * unit * LARGEST)))
        length = int(rng.integers(1, VECTOR + 1)) if length is None else length
        sums = rng.integers(-reach, reach + 1, length)
        if rng.random() < 0.3:  # ties: multiples of half a unit
            sums = np.clip(rng.integers(-2 * LARGEST, 2 * LARGEST + 1, length) * max(1, unit // 2), LOW, HIGH)
        if rng.random() < 0.2:
            sums[rng.integers(length)] = rng.choice([LOW, HIGH])
        if rng.random() < 0.2:
            sums = near_powers(rng, length)
        if rng.random() < 0.1:
            sums = rng.integers(LOW, HIGH + 1, length)
        if rng.random() < 0.1:
            sums[:] = 0
        return Vector(sums, unit, length < VECTOR or bool(rng.random() < 0.3))

    def beats(self, items: list[Vector]) -> dict[str, Beats]:
        """Return sums; only the unit beside a vector's last sum is right."""
        rng, beats = self.rng(), []
        for vector in items:
            for index, value in enumerate(vector.sums):
                ends = index == len(vector.sums) - 1
                unit = vector.unit if ends else int(rng.integers(2**UNIT_BITS))
                word = self.payloads["sums"].pack(sum=int(value), unit=unit)
                beats.append((word, ends and vector.last))
        return {"sums": beats}

    def expected(self, item: Vector) -> list[Fields]:
        """Return golden's elements, filled with zeros, and scale; tlast as the last sum had it."""
        elements, scales = requantise(
            item.sums,
            [item.unit],
            vector=VECTOR,
            element_bits=ELEMENT_BITS,
            scale_bits=SCALE_BITS,
            scale_rounding=PARAMETERS["scale_rounding"],
        )
        padded = [int(element) for element in elements] + [0] * (VECTOR - len(elements))
        return [{"activation": padded, "scale": int(scales[0]), "tlast": item.last}]

    def useful(self, item: Vector) -> int:
        """Return the sums that became elements."""
        return len(item.sums)


class Nvfp4(Requantise):
    """Blocks whose scale is anything from 0 to beyond the largest one."""

    def vector(self, rng: np.random.Generator, length: int | None = None) -> Vector:
        """Return a block."""
        made = super().vector(rng, length)
        if rng.random() < 0.6:
            reach = min(HIGH, max(1, int(2 ** rng.uniform(-11, 10) * 6 * made.unit)))
            made.sums = rng.integers(-reach, reach + 1, len(made.sums))
        if rng.random() < 0.2:  # elements half-way between two, of a scale that is exact
            made.sums = halves(made.unit, int(2 ** rng.integers(0, 7)))[rng.integers(0, 14, len(made.sums))]
            made.sums[rng.integers(len(made.sums))] = min(HIGH, 6 * made.unit)
        return made

    def expected(self, item: Vector) -> list[Fields]:
        """Return golden's codes, filled with zeros; tlast as the last sum had it."""
        codes, scales = requantise_nvfp4(item.sums, [item.unit], scale_search=PARAMETERS["scale_search"])
        padded = [int(code) for code in codes] + [0] * (VECTOR - len(codes))
        return [{"activation": padded, "scale": int(scales[0]), "tlast": item.last}]


def halves(unit: int, divisor: int) -> np.ndarray:
    """Return sums half-way between two elements at a scale of 1 / divisor, and the elements, of either sign."""
    sixteenths = np.array([4, 12, 20, 28, 40, 56, 80])
    found = sixteenths * unit // (16 * divisor)
    return np.clip(np.append(found, -found), LOW, HIGH)


def near_powers(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return powers of two, and what is just beside them, of either sign and down from a random one."""
    powers = 1 << rng.integers(0, rng.integers(1, SUM_BITS + 1), length)
    return np.clip(rng.choice([-1, 1], length) * powers + rng.integers(-1, 2, length), LOW, HIGH)


KIT = Nvfp4() if NVFP4 else Requantise()
random_vectors = KIT.pauses("random_vectors", idle=0.6, backpressure=0.9)
reset_in_the_middle = KIT.reset_in_the_middle()


@cocotb.test()
async def latency_and_period(dut: Any) -> None:
    """A lone vector takes the stated latency; vectors in a row keep the stated distance."""
    bench = Bench(dut, KIT.manifest)
    await bench.start()
    rng = KIT.rng()
    vectors = [KIT.vector(rng, VECTOR) for _ in range(8)]
    await KIT.exchange(bench, vectors)
    taken = [beat.cycle for beat in bench.sent["sums"]][VECTOR - 1 :: VECTOR]
    given = [beat.cycle for beat in bench.received["activations"]]
    assert given[0] - taken[0] == KIT.manifest["latency"]
    (period,) = (each["cycles"] for each in KIT.manifest["intervals"] if each["name"] == "vector_to_vector")
    slices = sum(bool(stream.get("slice")) for stream in KIT.manifest["streams"])
    # With a clock, what is registered for it, to the maximum, and to the head of the bank.
    ahead = 1 if PARAMETERS["pipeline"] == 0 else KIT.manifest["resolved"]["pipeline"] + 3
    assert KIT.manifest["latency"] == period + ahead + slices
    distances = {after - before for before, after in itertools.pairwise(given)}
    assert distances == {max(period, VECTOR)}, f"{distances} cycles between vectors, {period} expected"
    assert KIT.manifest["initiation_interval"] == -(-period // VECTOR)


def beside(rng: np.random.Generator, maximum: int, unit: int) -> Vector:
    """Return a short block of a largest magnitude."""
    peak = min(HIGH, max(0, maximum))
    sums = np.append(rng.choice([-1, 1]) * peak, rng.integers(-peak, peak + 1, int(rng.integers(1, VECTOR))))
    return Vector(rng.permutation(sums), unit, True)


@cocotb.test()
async def every_scale(dut: Any) -> None:
    """Maxima just below, at and above the places where the scale rounds (of many scales, 200 places)."""
    rng = KIT.rng()
    unit = min(2**UNIT_BITS - 1, max(1, HIGH // (LARGEST * 2**SCALE_BITS)))
    scales = np.arange(2**SCALE_BITS)
    if len(scales) > 100:
        scales = np.sort(rng.choice(scales, 100, replace=False))
    if NVFP4:
        known = decode_scales(np.arange(127), "nvfp4")
        unit = min(2**UNIT_BITS - 1, max(1, HIGH // 2688))
        middles = (known[1:] + known[:-1]) / 2
        places = [top * middle * unit for top in (4, 6) for middle in middles] + [
            480 * 4 * unit,
            464 * 6 * unit,
        ]
        vectors = [beside(rng, int(place) + offset, unit) for place in places for offset in (0, 1)]
        unit = 2**UNIT_BITS - 1  # of which the least scale may be 0 by one way, and not by the other
        vectors += [beside(rng, top * unit // 1024 + offset, unit) for top in (4, 6) for offset in (-1, 0, 1)]
        await KIT.run(dut, vectors)
        return
    vectors = []
    for scale in scales:
        for place in (scale * LARGEST * unit, (2 * scale + 1) * LARGEST * unit // 2):
            for maximum in range(int(place) - 1, int(place) + 2):
                sums = np.array([min(HIGH, max(0, maximum)), 0, -1, 1])
                sums[1] = -sums[0] if rng.random() < 0.5 else sums[0] // 2
                vectors.append(Vector(sums, unit, True))
    await KIT.run(dut, vectors)


@cocotb.test()
async def every_magnitude(dut: Any) -> None:
    """Lone sums of all powers of two, and beside them, of either sign, and any others; pairs of two magnitudes."""
    rng = KIT.rng()
    powers = [1 << bit for bit in range(SUM_BITS - 1)]
    sums = {sign * power + offset for power in powers for sign in (-1, 1) for offset in (-1, 0, 1)}
    sums = sorted(value for value in sums | {LOW} if LOW <= value <= HIGH)
    vectors = []
    for value in sums:
        # As few bits of the scale as may be are cut off, so that all of it shows.
        unit = min(2**UNIT_BITS - 1, max(1, abs(value) // (LARGEST * (2**SCALE_BITS - 1)) + 1))
        vectors += [Vector(np.array([value]), each, True) for each in {unit, max(1, unit // 2), 1}]
        # Behind it something small, of the other bank or of this one.
        vectors.append(Vector(rng.integers(-1, 2, int(rng.integers(1, VECTOR + 1))), 1, True))
    for value in rng.integers(LOW, HIGH + 1, 60):
        vectors.append(Vector(np.array([value]), 1 + int(rng.integers(2**UNIT_BITS - 1)), True))
    for _ in range(60):  # the larger one comes first, or last
        vectors.append(Vector(near_powers(rng, 2), 1, True))
    await KIT.run(dut, vectors)


@cocotb.test()
async def every_element(dut: Any) -> None:
    """Sums just below, at and above the places where an element rounds, of either sign."""
    rng = KIT.rng()
    vectors = []
    if NVFP4:
        for scale in (2.0**-9, 7 * 2.0**-9, 0.875, 1, 1.125, 13, 448):
            unit = int(min(2**UNIT_BITS - 1, max(1, HIGH // (6 * scale)), 16 * (4 + rng.integers(90))))
            places = [int(middle * scale * unit) for middle in (0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5)]
            values = [
                sign * (place + offset) for place in places for offset in (-1, 0, 1) for sign in (1, -1)
            ]
            peak = min(HIGH, int(6 * scale * unit))
            values = [value for value in values if abs(value) <= peak]
            for start in range(0, len(values), VECTOR - 1):
                vectors.append(Vector(np.array([peak, *values[start : start + VECTOR - 1]]), unit, True))
        await KIT.run(dut, vectors)
        return
    for scale in {1, 2, 2**SCALE_BITS - 1, 2 ** (SCALE_BITS - 1) + 1}:
        unit = int(min(2**UNIT_BITS - 1, max(1, HIGH // (LARGEST * scale)), 4 + rng.integers(90)))
        places = [(2 * element + 1) * scale * unit // 2 for element in range(LARGEST + 1)]
        values = [sign * (place + offset) for place in places for offset in (-1, 0, 1) for sign in (1, -1)]
        peak = min(HIGH, LARGEST * scale * unit)
        values = [value for value in values if abs(value) <= peak]
        for start in range(0, len(values), VECTOR - 1):
            vectors.append(Vector(np.array([peak, *values[start : start + VECTOR - 1]]), unit, True))
    await KIT.run(dut, vectors)
