"""Bench of the vector-scaled MAC: sums and overflow flags against golden, bit for bit."""

from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from bench_kit import Beats, BenchKit, Fields
from bench_report import parameters

from dotforge_golden.vsquant import dot, expand, scale_position, scale_product

PARAMETERS = parameters()
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


def dense_weights(product: Product) -> np.ndarray:
    """Weights at all positions of the beats."""
    return product.weights if product.indices is None else expand(product.weights, product.indices)


class VSQuant(BenchKit):
    """Dot products of random elements, in a quarter of them only the extremes; vectors that end early."""

    def draw(self, rng: np.random.Generator, count: int) -> list[Product]:
        """Return dot products of one beat to a little over three vectors."""
        return [self.product(rng, int(rng.integers(1, 3 * BEATS + 6))) for _ in range(count)]

    def steady(self, rng: np.random.Generator, beats: int) -> list[Product]:
        """Return dot products of a beat."""
        return [self.product(rng, 1) for _ in range(beats)]

    def product(self, rng: np.random.Generator, beats: int) -> Product:
        """Return a dot product of so many beats."""

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

    def beats(self, items: list[Product]) -> dict[str, Beats]:
        """Return beats; a vector of several beats has its scale in each of them."""
        beats: dict[str, Beats] = {"activations": [], "weights": []}
        for product in items:
            for beat in range(product.beats):
                first = beat * GROUPS if BEATS == 1 else beat // BEATS
                scales = slice(first, first + GROUPS)
                fields: dict[str, Any] = {"weight": product.weights[beat]}
                if product.indices is not None:
                    fields["index"] = product.indices[beat]
                word = self.payloads["weights"].pack(**fields, scale=list(product.weight_scales[scales]))
                beats["weights"].append((word, False))
                word = self.payloads["activations"].pack(
                    activation=product.activations[beat], scale=list(product.activation_scales[scales])
                )
                beats["activations"].append((word, beat == product.beats - 1))
        return beats

    def expected(self, item: Product) -> list[Fields]:
        """Return golden's sum and flag."""
        total, flag, _ = dot(
            item.activations.ravel(),
            dense_weights(item).ravel(),
            item.activation_scales,
            item.weight_scales,
            vector=VECTOR,
            dropped=DROPPED,
            rounding=PARAMETERS["scale_rounding"],
            sum_bits=PARAMETERS["sum_bits"],
            overflow=PARAMETERS["overflow"],
            vectors_per_update=GROUPS,
        )
        return [{"sum": int(total), "overflow": bool(flag)}]

    def useful(self, item: Product) -> int:
        """Return the pairs of two nonzero elements in vectors whose scales are not zero."""
        products = (dense_weights(item) * item.activations).ravel()
        scales = np.repeat(item.weight_scales * item.activation_scales, VECTOR)[: len(products)]
        return int(np.count_nonzero(products * scales))


KIT = VSQuant()
random_dot_products = KIT.pauses()
one_beat_a_cycle = KIT.interval_and_latency()
reset_in_the_middle = KIT.reset_in_the_middle()


@cocotb.test()
async def overflow_is_flagged(dut: Any) -> None:
    """The largest block sums are exact; sums beyond the range set the flag; the next sum starts anew."""
    low, high = lowest(WEIGHT_BITS), -lowest(WEIGHT_BITS) - 1
    most = tuple(2**bits - 1 for bits in SCALE_BITS)
    one = uniform_product(BEATS, low, lowest(ACTIVATION_BITS), most)
    scale = scale_product(*most, dropped=DROPPED, rounding=PARAMETERS["scale_rounding"])
    products_per_vector = VECTOR // 2 if SPARSE else VECTOR
    largest = GROUPS * products_per_vector * low * lowest(ACTIVATION_BITS) * int(scale)
    beats = BEATS * (2 ** (PARAMETERS["sum_bits"] - 1) // largest + 2)
    long = [uniform_product(min(beats, 400), weight, lowest(ACTIVATION_BITS), most) for weight in (low, high)]
    products = [one, *long, one, *long[::-1], one]
    overflowed = sum(beat["overflow"] for beat in await KIT.run(dut, products))
    assert beats > 400 or overflowed >= 2, "nothing overflowed"


@cocotb.test()
async def every_pair_of_elements(dut: Any) -> None:
    """All pairs of weight and activation: in every lane, or above 1,024 pairs in some lane."""
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
    await KIT.run(dut, products)


@cocotb.test()
async def every_pair_of_scales(dut: Any) -> None:
    """All pairs of scales, or above 1,024 pairs that many, the corners among them."""
    rng = KIT.rng()
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
        product = KIT.product(rng, BEATS)
        product.weight_scales = np.full(GROUPS, weight)
        product.activation_scales = np.full(GROUPS, activation)
        products.append(product)
    await KIT.run(dut, products)
