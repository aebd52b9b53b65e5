"""Bench of the dot products of block formats: FP32 sums against golden, bit for bit."""

from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_kit import Beats, BenchKit, Fields
from bench_report import parameters

from dotforge_golden.mx import ELEMENTS, decode
from dotforge_golden.mxdot import NAN, dot

PARAMETERS = parameters()
FORMATS = PARAMETERS["weight_format"], PARAMETERS["activation_format"]
BITS = [ELEMENTS[format].bits for format in FORMATS]
LANES, BLOCK = PARAMETERS["lanes"], ELEMENTS[FORMATS[0]].block
BEATS = BLOCK // LANES  # beats in a block
POWERS = ELEMENTS[FORMATS[0]].scale == "e8m0"
LARGEST_SCALE, ONE = (254, 127) if POWERS else (126, 56)
NAN_SCALE = LARGEST_SCALE + 1


@dataclass
class Product:
    """A dot product: codes (2, beats · lanes), weights first, and scale codes (2, blocks)."""

    elements: np.ndarray
    scales: np.ndarray

    @property
    def beats(self) -> int:
        return self.elements.shape[1] // LANES


def blocks(beats: int) -> int:
    return -(-beats // BEATS)


def random_codes(rng: np.random.Generator, which: int, count: int, kind: str) -> np.ndarray:
    """Codes of one operand: all, those that are numbers, or the largest numbers of both signs."""
    codes = np.arange(2 ** BITS[which])
    values = decode(codes, FORMATS[which])
    if kind != "all":
        codes, values = codes[np.isfinite(values)], values[np.isfinite(values)]
    if kind == "extreme":
        codes = codes[np.abs(values) == np.abs(values).max()]
    return rng.choice(codes, count)


def uniform_product(beats: int, codes: tuple[int, int], scales: tuple[int, int]) -> Product:
    """All elements alike, all scales alike."""
    return Product(
        np.repeat(np.array(codes)[:, None], beats * LANES, axis=1),
        np.repeat(np.array(scales)[:, None], blocks(beats), axis=1),
    )


class MXDot(BenchKit):
    """Dot products of random codes; scales close together, any, or corners; blocks that end early."""

    def draw(self, rng: np.random.Generator, count: int) -> list[Product]:
        """Return dot products of one beat to a little over three blocks."""
        return [self.product(rng, int(rng.integers(1, 3 * BEATS + 4))) for _ in range(count)]

    def steady(self, rng: np.random.Generator, beats: int) -> list[Product]:
        """Return dot products of a beat."""
        return [self.product(rng, 1) for _ in range(beats)]

    def product(self, rng: np.random.Generator, beats: int) -> Product:
        """Return a dot product of so many beats."""
        kind = str(rng.choice(["all", "numbers", "numbers", "numbers", "extreme"]))
        elements = [random_codes(rng, which, beats * LANES, kind) for which in (0, 1)]
        shape = (2, blocks(beats))
        spread = rng.integers(0, 4)
        if spread == 0:
            scales = rng.choice([0, 1, ONE, LARGEST_SCALE - 1, LARGEST_SCALE, NAN_SCALE], shape)
        elif spread == 1:
            scales = rng.integers(0, LARGEST_SCALE + 1, shape)
        else:
            scales = rng.integers(ONE - 12, ONE + 13, shape)
        return Product(np.array(elements), scales)

    def beats(self, items: list[Product]) -> dict[str, Beats]:
        """Return beats; a block of several beats has its scale in each of them."""
        beats: dict[str, Beats] = {"weights": [], "activations": []}
        signed = [ELEMENTS[format].float is None for format in FORMATS]
        for product in items:
            for beat in range(product.beats):
                last = beat == product.beats - 1
                for which, name in enumerate(beats):
                    codes = product.elements[which, beat * LANES : (beat + 1) * LANES]
                    codes = codes.astype(np.uint8).view(np.int8) if signed[which] else codes
                    lanes, scale = [int(code) for code in codes], int(product.scales[which, beat // BEATS])
                    word = self.payloads[name].pack(**{name[:-1]: lanes}, scale=scale)
                    beats[name].append((word, last and name == "activations"))
        return beats

    def expected(self, item: Product) -> list[Fields]:
        """Return golden's sum, FP32."""
        found = dot(
            *item.elements, *item.scales, weight_format=FORMATS[0], activation_format=FORMATS[1],
            accumulation=PARAMETERS["accumulation"],
        )  # fmt: skip
        return [{"sum": int(found.sums)}]

    def useful(self, item: Product) -> int:
        """Return the pairs of two nonzero elements in blocks whose scales are not zero."""
        nonzero = np.repeat(POWERS | (item.scales != 0), BLOCK, axis=1)[:, : item.elements.shape[1]]
        nonzero &= [decode(codes, format) != 0 for codes, format in zip(item.elements, FORMATS, strict=True)]
        return int(np.count_nonzero(nonzero.all(axis=0)))


KIT = MXDot()
random_dot_products = KIT.pauses()
one_beat_a_cycle = KIT.interval_and_latency()
reset_in_the_middle = KIT.reset_in_the_middle()

if PARAMETERS["accumulation"] == "wide":

    @cocotb.test()
    async def sums_are_not_taken_for_long(dut: Any) -> None:
        """The queue of sums fills, and nothing more is taken; then every sum comes, in order."""
        bench = Bench(dut, KIT.manifest, backpressure=1.0)
        await bench.start()
        products = KIT.steady(KIT.rng(), 8 * KIT.manifest["latency"])
        KIT.send(bench, products)
        await bench.settle(6 * KIT.manifest["latency"])
        taken = len(bench.sent["activations"])
        await bench.settle(50)
        assert taken == len(bench.sent["activations"]) < len(products), f"{taken} beats and more were taken"
        bench.backpressure = 0.0
        await KIT.check(bench, products)


@cocotb.test()
async def every_pair_of_elements(dut: Any) -> None:
    """All pairs of codes, or above 1,024 pairs that many: alone in a dot product, and beside others."""
    rng = KIT.rng()
    pairs = 2 ** sum(BITS)
    numbers = np.arange(pairs) if pairs <= 1024 else rng.choice(pairs, 1024, replace=False)
    products = []
    for index, number in enumerate(numbers):
        codes = int(number) % 2 ** BITS[0], int(number) >> BITS[0]
        product = uniform_product(1, (0, 0), (ONE, ONE))
        product.elements[:, index % LANES] = codes
        if index % 2:
            product.elements[:, (index + 1) % LANES] = codes[0], 1
        products.append(product)
    await KIT.run(dut, products)


@cocotb.test()
async def every_scale(dut: Any) -> None:
    """Every scale beside corners and one other: zero, subnormal results, infinity, NaN."""
    rng = KIT.rng()
    products = []
    for scale in range(NAN_SCALE + 1):
        for other in (0, ONE, LARGEST_SCALE, NAN_SCALE, int(rng.integers(NAN_SCALE + 1))):
            product = KIT.product(rng, BEATS)
            product.elements = np.array([random_codes(rng, which, BLOCK, "numbers") for which in (0, 1)])
            product.scales[:, 0] = (scale, other) if rng.random() < 0.5 else (other, scale)
            products.append(product)
    sums = [beat["sum"] for beat in await KIT.run(dut, products)]
    assert sums.count(NAN) >= 5 + NAN_SCALE, "a scale that is NaN has to give NaN"
    if POWERS:
        assert any(value & 0x7FFFFFFF == 0x7F800000 for value in sums), "no sum overflowed"
        assert any(0 < value & 0x7FFFFFFF < 0x00800000 for value in sums), "no sum was subnormal"


@cocotb.test()
async def extreme_block_sums(dut: Any) -> None:
    """All products at the largest, of either sign, and all but one: exact, then rounded once."""
    tops = []
    for which in (0, 1):
        codes = np.arange(2 ** BITS[which])
        values = decode(codes, FORMATS[which])
        finite = np.where(np.isfinite(values), values, 0)
        tops.append([int(finite.argmin()), int(finite.argmax())])
    products = []
    for weight in tops[0]:
        for activation in tops[1]:
            for lane in (None, 0, LANES - 1, BLOCK - 1):
                product = uniform_product(BEATS, (weight, activation), (ONE, ONE))
                if lane is not None:
                    product.elements[:, lane] = 1, 1  # the smallest number
                products.append(product)
    rng = KIT.rng()
    for turn in range(
        60
    ):  # nearly the largest, of one sign, whatever the scales: all bits of a sum mean something
        product = KIT.product(rng, BEATS)
        product.elements = np.array(
            [large_codes(rng, which, negative=bool(turn >> which & 1)) for which in (0, 1)]
        )
        product.scales = rng.integers(ONE - 7, ONE + 8, product.scales.shape)
        products.append(product)
    await KIT.run(dut, products)


def large_codes(rng: np.random.Generator, which: int, *, negative: bool) -> np.ndarray:
    """Return a block of one operand, of numbers of one sign, most of them the largest."""
    values = decode(np.arange(2 ** BITS[which]), FORMATS[which])
    values = np.where(np.isfinite(values), -values if negative else values, 0)
    largest = np.argsort(values)[-3:]
    return rng.choice(largest, BLOCK, p=[0.1, 0.2, 0.7])


def negated(codes: np.ndarray) -> np.ndarray:
    """Return the weights' codes of the opposite values; where there is none, the same."""
    values = decode(np.arange(2 ** BITS[0]), FORMATS[0])
    opposite = {value: code for code, value in enumerate(values)}
    return np.array([opposite.get(-values[code], code) for code in codes])


@cocotb.test()
async def cancelling_blocks(dut: Any) -> None:
    """Sums of many bits of which the first ones are taken away again: leading zeros and carries of all lengths."""
    rng = KIT.rng()
    products = []
    for _ in range(150):
        count = int(rng.integers(1, 5))
        product = KIT.product(rng, 2 * count * BEATS)
        product.elements = np.array(
            [random_codes(rng, which, 2 * count * BLOCK, "numbers") for which in (0, 1)]
        )
        # Each block smaller than the one before it by some octaves, or none; then their negatives in any order.
        octaves = rng.integers(0, 10 if POWERS else 6, count).cumsum()
        if POWERS:
            scales = np.maximum(ONE + 2 - octaves, 0)
        else:
            scales = np.maximum(LARGEST_SCALE - 8 * octaves - rng.integers(0, 8, count), 1)
        product.scales[1] = ONE
        order = rng.permutation(count)
        product.scales[0] = np.concatenate([scales, scales[order]])
        first = product.elements[:, : count * BLOCK].reshape(2, count, BLOCK)
        second = first[:, order].copy()
        second[0] = negated(second[0].ravel()).reshape(count, BLOCK)
        for block in range(count):
            if rng.random() < 0.7:  # all but some last bits
                second[:, block, rng.integers(BLOCK)] = 0, 1
            if rng.random() < 0.2:
                second[:, block] = 0
        product.elements = np.concatenate([first.reshape(2, -1), second.reshape(2, -1)], axis=1)
        products.append(product)
    await KIT.run(dut, products)


@cocotb.test()
async def far_apart(dut: Any) -> None:
    """A block, one smaller by every number of octaves, and the first one taken away again, or not.

    What is left of the smaller one has that many leading zeros; where it is taken from the larger one's last bits, a
    carry of rounding goes through as many ones as that had zeros.
    """
    rng = KIT.rng()
    products = []
    for octaves in range(36):
        for turn in range(12 if 12 <= octaves < 27 else 6):
            count = 2 if turn % 3 == 2 else 3
            product = KIT.product(rng, count * BEATS)
            product.elements = np.array(
                [random_codes(rng, which, count * BLOCK, "numbers") for which in (0, 1)]
            )
            for block in range(count):  # few of the pairs, or all
                empty = rng.random(BLOCK) < rng.choice([0.0, 0.5, 0.9])
                product.elements[:, block * BLOCK : (block + 1) * BLOCK][:, empty] = 0
            if count == 3:
                product.elements[1, 2 * BLOCK :] = product.elements[1, :BLOCK]
                product.elements[0, 2 * BLOCK :] = negated(product.elements[0, :BLOCK])
            product.scales = np.repeat(scales_apart(rng, octaves), [1, count - 1], axis=1)
            product.scales[:, -1] = product.scales[:, 0] if count == 3 else product.scales[:, 1]
            products.append(product)
    await KIT.run(dut, products)


def scales_apart(rng: np.random.Generator, octaves: int) -> np.ndarray:
    """Return the scales of two blocks, (2, 2), whose products are about so many octaves apart, as far as there are."""
    if POWERS:
        first = int(rng.integers(ONE, ONE + 20))
        return np.array([[first, first - octaves], [ONE, ONE]])
    # Eight codes an octave; what the weights' scales cannot do is up to the activations'.
    mantissas = rng.integers(0, 6, (2, 2))
    down = min(octaves, int(rng.integers(8, 15)))
    fields = np.array([[15, 15 - down], [15, max(15 - (octaves - down), 0)]])
    return np.maximum(8 * fields + mantissas, 1)


@cocotb.test()
async def specials(dut: Any) -> None:
    """NaN and infinities among the elements, where formats have them, alone and in different beats."""
    rng = KIT.rng()
    choices = []
    for which in (0, 1):
        codes = np.arange(2 ** BITS[which])
        values = decode(codes, FORMATS[which])
        choices.append([0, 1, *codes[~np.isfinite(values)]])
    products = []
    for _ in range(200):
        product = KIT.product(rng, 2 * BEATS)
        product.scales[:] = ONE
        product.elements = np.array([random_codes(rng, which, 2 * BLOCK, "numbers") for which in (0, 1)])
        for _ in range(int(rng.integers(0, 4))):
            place = int(rng.integers(2 * BLOCK))
            product.elements[int(rng.integers(2)), place] = 0
            which = int(rng.integers(2))
            product.elements[which, place] = rng.choice(choices[which])
            product.elements[1 - which, place] = rng.choice([0, 1, 1, 2 ** (BITS[1 - which] - 1) + 1])
        products.append(product)
    sums = [beat["sum"] for beat in await KIT.run(dut, products)]
    has_nan = any(
        np.isnan(decode(np.arange(2**bits), name)).any() for bits, name in zip(BITS, FORMATS, strict=True)
    )
    assert has_nan == (NAN in sums)
