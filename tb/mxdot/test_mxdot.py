"""Bench of the dot products of block formats: FP32 sums against golden, bit for bit."""

from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_report import manifest, report

from dotforge_golden.mx import ELEMENTS, decode
from dotforge_golden.mxdot import NAN, dot

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
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


def random_product(rng: np.random.Generator, beats: int) -> Product:
    """Random codes; scales close together, any, or corners."""
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


def uniform_product(beats: int, codes: tuple[int, int], scales: tuple[int, int]) -> Product:
    """All elements alike, all scales alike."""
    return Product(
        np.repeat(np.array(codes)[:, None], beats * LANES, axis=1),
        np.repeat(np.array(scales)[:, None], blocks(beats), axis=1),
    )


def expected(product: Product) -> int:
    """Golden sum."""
    found = dot(*product.elements, *product.scales, weight_format=FORMATS[0], activation_format=FORMATS[1])
    return int(found.sums)


def send(bench: Bench, products: list[Product]) -> None:
    """Queue the beats of dot products on both inputs."""
    beats: dict[str, list[tuple[int, bool]]] = {"weights": [], "activations": []}
    signed = [ELEMENTS[format].float is None for format in FORMATS]
    for product in products:
        for beat in range(product.beats):
            last = beat == product.beats - 1
            for which, name in enumerate(beats):
                codes = product.elements[which, beat * LANES : (beat + 1) * LANES]
                codes = codes.astype(np.uint8).view(np.int8) if signed[which] else codes
                lanes, scale = [int(code) for code in codes], int(product.scales[which, beat // BEATS])
                word = bench.payloads[name].pack(**{name[:-1]: lanes}, scale=scale)
                beats[name].append((word, last and name == "activations"))
    for name, each in beats.items():
        bench.send(name, each)


async def check(bench: Bench, products: list[Product], *, after: int = 0) -> list[int]:
    """Wait for the sums of dot products and compare; returns them."""
    received = await bench.wait_for("sums", after + len(products))
    sums = []
    for index, (product, beat) in enumerate(zip(products, received[after:], strict=True)):
        found, wanted = bench.payloads["sums"].unpack(beat.data, "sum"), expected(product)
        assert found == wanted, f"dot product {index}: sum {found:#010x}, golden {wanted:#010x}"
        sums.append(found)
    await bench.settle()
    assert len(bench.received["sums"]) == after + len(products), "more sums than dot products"
    report(vectors=len(products))
    return sums


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5], backpressure=[0.0, 0.6])
async def random_dot_products(dut: Any, idle: float, backpressure: float) -> None:
    """Every mixture of pauses at the inputs and at the output; blocks that end early."""
    bench = Bench(dut, MANIFEST, idle=idle, backpressure=backpressure)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    products = [random_product(rng, int(rng.integers(1, 3 * BEATS + 4))) for _ in range(60)]
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def one_beat_a_cycle(dut: Any) -> None:
    """Initiation interval 1 over dot products of one beat, and the stated latency."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    products = [random_product(rng, 1) for _ in range(50)]
    send(bench, products)
    await check(bench, products)
    taken = [beat.cycle for beat in bench.sent["activations"]]
    given = [beat.cycle for beat in bench.received["sums"]]
    assert taken == list(range(taken[0], taken[0] + 50)), "activations were not taken every cycle"
    latency = {after - before for before, after in zip(taken, given, strict=True)}
    assert latency == {MANIFEST["latency"]}, f"latency {latency}, manifest {MANIFEST['latency']}"


@cocotb.test()
async def every_pair_of_elements(dut: Any) -> None:
    """All pairs of codes, or above 1,024 pairs that many: alone in a dot product, and beside others."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
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
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def every_scale(dut: Any) -> None:
    """Every scale beside corners and one other: zero, subnormal results, infinity, NaN."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    products = []
    for scale in range(NAN_SCALE + 1):
        for other in (0, ONE, LARGEST_SCALE, NAN_SCALE, int(rng.integers(NAN_SCALE + 1))):
            product = random_product(rng, BEATS)
            product.elements = np.array([random_codes(rng, which, BLOCK, "numbers") for which in (0, 1)])
            product.scales[:, 0] = (scale, other) if rng.random() < 0.5 else (other, scale)
            products.append(product)
    send(bench, products)
    sums = await check(bench, products)
    assert sums.count(NAN) >= 5 + NAN_SCALE, "a scale that is NaN has to give NaN"
    if POWERS:
        assert any(value & 0x7FFFFFFF == 0x7F800000 for value in sums), "no sum overflowed"
        assert any(0 < value & 0x7FFFFFFF < 0x00800000 for value in sums), "no sum was subnormal"


@cocotb.test()
async def extreme_block_sums(dut: Any) -> None:
    """All products at the largest, of either sign, and all but one: exact, then rounded once."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
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
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def specials(dut: Any) -> None:
    """NaN and infinities among the elements, where formats have them, alone and in different beats."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    choices = []
    for which in (0, 1):
        codes = np.arange(2 ** BITS[which])
        values = decode(codes, FORMATS[which])
        choices.append([0, 1, *codes[~np.isfinite(values)]])
    products = []
    for _ in range(200):
        product = random_product(rng, 2 * BEATS)
        product.scales[:] = ONE
        product.elements = np.array([random_codes(rng, which, 2 * BLOCK, "numbers") for which in (0, 1)])
        for _ in range(int(rng.integers(0, 4))):
            place = int(rng.integers(2 * BLOCK))
            product.elements[int(rng.integers(2)), place] = 0
            which = int(rng.integers(2))
            product.elements[which, place] = rng.choice(choices[which])
            product.elements[1 - which, place] = rng.choice([0, 1, 1, 2 ** (BITS[1 - which] - 1) + 1])
        products.append(product)
    send(bench, products)
    sums = await check(bench, products)
    has_nan = any(
        np.isnan(decode(np.arange(2**bits), name)).any() for bits, name in zip(BITS, FORMATS, strict=True)
    )
    assert has_nan == (NAN in sums)


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset forgets everything: no old sum or part of a block comes out after it."""
    bench = Bench(dut, MANIFEST, idle=0.2, backpressure=0.3)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    for _ in range(5):
        send(bench, [random_product(rng, int(rng.integers(1, 3 * BEATS + 3))) for _ in range(30)])
        await bench.settle(int(rng.integers(5, 60)))
        await bench.restart()
        products = [random_product(rng, int(rng.integers(1, 2 * BEATS + 3))) for _ in range(8)]
        send(bench, products)
        await check(bench, products)
        await bench.restart()
