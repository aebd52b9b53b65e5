"""Bench of the vector-scaled MAC: sums and overflow flags against golden, bit for bit."""

from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_report import manifest, report

from dotforge_golden.vsquant import dot, expand, scale_position, scale_product

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
LANES, VECTOR = PARAMETERS["lanes"], PARAMETERS["vector"]
SPARSE = PARAMETERS["sparsity"] == "2:4"
POSITIONS = 2 * LANES if SPARSE else LANES  # elements of a dot product in a beat
GROUPS = max(1, POSITIONS // VECTOR)  # vectors in a beat
BEATS = max(1, VECTOR // POSITIONS)  # beats in a vector
WEIGHT_BITS, ACTIVATION_BITS = PARAMETERS["weight_bits"], PARAMETERS["activation_bits"]
SCALE_BITS = PARAMETERS["weight_scale_bits"], PARAMETERS["activation_scale_bits"]
DROPPED = scale_position(*SCALE_BITS, PARAMETERS["scale_product_bits"])


@dataclass
class Product:
    """A dot product of so many beats.

    ``weights``, ``indices`` (beats, lanes), ``activations`` (beats, positions), and the scales of its
    vectors: where a beat holds several, all of a beat's; where a vector takes several beats, one each.
    """

    weights: np.ndarray
    activations: np.ndarray
    weight_scales: np.ndarray
    activation_scales: np.ndarray
    indices: np.ndarray | None = None

    @property
    def beats(self) -> int:
        return len(self.weights)


def vectors(beats: int) -> int:
    """Vectors that begin in so many beats."""
    return beats * GROUPS if BEATS == 1 else -(-beats // BEATS)


def lowest(bits: int) -> int:
    return -(2 ** (bits - 1))


def random_scales(rng: np.random.Generator, bits: int, count: int) -> np.ndarray:
    """Scales of which half are corners: 0, 1, the largest."""
    top = 2**bits - 1
    return np.where(rng.random(count) < 0.5, rng.choice([0, 1, top], count), rng.integers(0, top + 1, count))


def random_product(rng: np.random.Generator, beats: int) -> Product:
    """Random elements; in a quarter of the products only the extremes."""

    def elements(bits: int, count: int) -> np.ndarray:
        low, high = lowest(bits), -lowest(bits) - 1
        if extreme:
            return rng.choice([low, high], (beats, count))
        return rng.integers(low, high + 1, (beats, count))

    extreme = rng.random() < 0.25
    count = vectors(beats)
    return Product(
        elements(WEIGHT_BITS, LANES),
        elements(ACTIVATION_BITS, POSITIONS),
        random_scales(rng, SCALE_BITS[0], count),
        random_scales(rng, SCALE_BITS[1], count),
        rng.integers(0, 4, (beats, LANES)) if SPARSE else None,
    )


def uniform_product(beats: int, weight: int, activation: int, scales: tuple[int, int]) -> Product:
    """All elements alike, all scales alike."""
    count = vectors(beats)
    return Product(
        np.full((beats, LANES), weight),
        np.full((beats, POSITIONS), activation),
        np.full(count, scales[0]),
        np.full(count, scales[1]),
        np.zeros((beats, LANES), int) if SPARSE else None,
    )


def expected(product: Product) -> tuple[int, bool]:
    """Golden sum and flag."""
    weights = product.weights
    if product.indices is not None:
        weights = expand(weights, product.indices)
    total, flag, _ = dot(
        product.activations.ravel(),
        weights.ravel(),
        product.activation_scales,
        product.weight_scales,
        vector=VECTOR,
        dropped=DROPPED,
        rounding=PARAMETERS["scale_rounding"],
        sum_bits=PARAMETERS["sum_bits"],
        overflow=PARAMETERS["overflow"],
        vectors_per_update=GROUPS,
    )
    return int(total), bool(flag)


def send(bench: Bench, products: list[Product]) -> None:
    """Queue the beats of dot products on both inputs."""
    activations: list[tuple[int, bool]] = []
    weights: list[tuple[int, bool]] = []
    for product in products:
        for beat in range(product.beats):
            first = beat * GROUPS if BEATS == 1 else beat // BEATS
            scales = slice(first, first + GROUPS)
            fields: dict[str, Any] = {"weight": product.weights[beat]}
            if product.indices is not None:
                fields["index"] = product.indices[beat]
            word = bench.payloads["weights"].pack(**fields, scale=list(product.weight_scales[scales]))
            weights.append((word, False))
            word = bench.payloads["activations"].pack(
                activation=product.activations[beat], scale=list(product.activation_scales[scales])
            )
            activations.append((word, beat == product.beats - 1))
    bench.send("activations", activations)
    bench.send("weights", weights)


async def check(bench: Bench, products: list[Product], *, after: int = 0) -> int:
    """Wait for the sums of dot products and compare; returns how many overflowed."""
    received = await bench.wait_for("sums", after + len(products))
    overflowed = 0
    payload = bench.payloads["sums"]
    for index, (product, beat) in enumerate(zip(products, received[after:], strict=True)):
        found = payload.unpack(beat.data, "sum"), payload.unpack(beat.data, "overflow")
        total, flag = expected(product)
        overflowed += flag
        assert found == (total, flag), f"dot product {index}: sum, overflow {found}, golden {(total, flag)}"
    await bench.settle()
    assert len(bench.received["sums"]) == after + len(products), "more sums than dot products"
    report(vectors=len(products))
    return overflowed


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5], backpressure=[0.0, 0.6])
async def random_dot_products(dut: Any, idle: float, backpressure: float) -> None:
    """Every mixture of pauses at the inputs and at the output; vectors that end early."""
    bench = Bench(dut, MANIFEST, idle=idle, backpressure=backpressure)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    products = [random_product(rng, int(rng.integers(1, 3 * BEATS + 6))) for _ in range(60)]
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
async def overflow_is_flagged(dut: Any) -> None:
    """The largest block sums are exact; sums beyond the range set the flag; the next sum starts anew."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    low, high = lowest(WEIGHT_BITS), -lowest(WEIGHT_BITS) - 1
    most = tuple(2**bits - 1 for bits in SCALE_BITS)
    one = uniform_product(BEATS, low, lowest(ACTIVATION_BITS), most)
    scale = scale_product(*most, dropped=DROPPED, rounding=PARAMETERS["scale_rounding"])
    products_per_vector = VECTOR // 2 if SPARSE else VECTOR
    largest = GROUPS * products_per_vector * low * lowest(ACTIVATION_BITS) * int(scale)
    beats = BEATS * (2 ** (PARAMETERS["sum_bits"] - 1) // largest + 2)
    long = [uniform_product(min(beats, 400), weight, lowest(ACTIVATION_BITS), most) for weight in (low, high)]
    products = [one, *long, one, *long[::-1], one]
    send(bench, products)
    overflowed = await check(bench, products)
    assert beats > 400 or overflowed >= 2, "nothing overflowed"


@cocotb.test()
async def every_pair_of_elements(dut: Any) -> None:
    """All pairs of weight and activation: in every lane, or above 1,024 pairs in some lane."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    pairs = 2 ** (WEIGHT_BITS + ACTIVATION_BITS)
    lane = np.arange(LANES)
    if pairs <= 1024:
        number = (np.arange(pairs)[:, None] + lane * (pairs // LANES | 1)) % pairs
    else:
        number = np.arange(-(-pairs // LANES) * LANES).reshape(-1, LANES) % pairs
    assert len(np.unique(number)) == pairs
    products = []
    for numbers in number:
        product = uniform_product(1, 0, 0, tuple(2**bits - 1 for bits in SCALE_BITS))
        product.weights = (numbers % 2**WEIGHT_BITS + lowest(WEIGHT_BITS))[None]
        activations = numbers // 2**WEIGHT_BITS + lowest(ACTIVATION_BITS)
        if product.indices is None:
            product.activations = activations[None]
        else:  # lanes 2g and 2g + 1 take places 1 and 3 of group g
            product.indices = np.tile([1, 3], LANES // 2)[None]
            product.activations = np.repeat(activations, 2)[None]
        products.append(product)
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def every_pair_of_scales(dut: Any) -> None:
    """All pairs of scales, or above 1,024 pairs that many, the corners among them."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    counts = [2**bits for bits in SCALE_BITS]
    if counts[0] * counts[1] <= 1024:
        pairs = [(weight, activation) for weight in range(counts[0]) for activation in range(counts[1])]
    else:
        corners = [[0, 1, 2, count // 2, count - 2, count - 1] for count in counts]
        pairs = [(weight, activation) for weight in corners[0] for activation in corners[1]]
        pairs += [
            (int(rng.integers(counts[0])), int(rng.integers(counts[1]))) for _ in range(1024 - len(pairs))
        ]
    products = []
    for weight, activation in pairs:
        product = random_product(rng, BEATS)
        product.weight_scales = np.full(GROUPS, weight)
        product.activation_scales = np.full(GROUPS, activation)
        products.append(product)
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset forgets everything: no old sum, flag or part of a vector comes out after it."""
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
