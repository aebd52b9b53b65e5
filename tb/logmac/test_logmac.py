"""Bench of the log-weight MAC: sums and overflow flags against golden, bit for bit."""

from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from bench_kit import Beats, BenchKit, Fields
from logmac_reference import reference

from dotforge_golden.logmac import folded_bias, weight_code

#: Pairs of operands that are all tried; of more, as many chosen at random.
MOST_PAIRS = 4096


@dataclass
class Product:
    """A dot product: shape (beats · lanes), and whether its weights are given up after it."""

    activations: np.ndarray
    codes: np.ndarray
    release: bool = True


class LogMac(BenchKit):
    """Dot products; stationary weights stay for one to three of them."""

    def __init__(self) -> None:
        super().__init__()
        self.reference = reference(self.parameters)
        self.lanes, self.depth = self.parameters["lanes"], self.parameters["weight_depth"]

    def draw(self, rng: np.random.Generator, count: int) -> list[Product]:
        """Return dot products of random length."""
        products = self.products(rng, count, longest=9)[:count]
        products[-1].release = True
        return products

    def products(
        self, rng: np.random.Generator, count: int, *, longest: int, extreme: bool = False
    ) -> list[Product]:
        """Return dot products of up to so many beats, random or with sums as large as they get."""
        products: list[Product] = []
        while len(products) < count:
            uses = int(rng.integers(1, 4)) if self.depth else 1
            width = int(rng.integers(1, min(longest, self.depth or longest) + 1)) * self.lanes
            codes = rng.integers(0, self.reference.codes, width)
            if extreme:  # products all of one sign, as large as they get
                codes = np.full(width, rng.choice(self.reference.extreme_codes))
            for use in range(uses):
                activations = rng.integers(self.reference.low, self.reference.high + 1, width)
                if extreme:
                    activations = np.full(width, rng.choice(self.reference.extreme_activations))
                products.append(Product(activations, codes, release=use == uses - 1))
        return products

    def steady(self, rng: np.random.Generator, beats: int) -> list[Product]:
        """Return dot products of a beat; stationary weights are those of all."""
        products = self.products(rng, beats, longest=1)[:beats]
        for product in products if self.depth else ():
            product.codes, product.release = products[0].codes, product is products[-1]
        return products

    def beats(self, items: list[Product]) -> dict[str, Beats]:
        """Return the beats of dot products; weights that stay are sent once."""
        beats: dict[str, Beats] = {"activations": [], "weights": [], "bias": []}
        fresh = True
        for product in items:
            count = len(product.codes) // self.lanes
            for beat in range(count):
                ends = beat == count - 1
                fields: dict[str, Any] = {"activation": product.activations.reshape(-1, self.lanes)[beat]}
                if self.depth:
                    fields["release"] = int(product.release)
                beats["activations"].append((self.payloads["activations"].pack(**fields), ends))
                if fresh:
                    word = self.payloads["weights"].pack(weight=product.codes.reshape(-1, self.lanes)[beat])
                    beats["weights"].append((word, ends))
            if fresh and "bias" in self.payloads:
                bits = self.parameters["sum_bits"]
                bias = int(folded_bias(product.codes, weight_code(self.parameters["weight_code"])))
                bias = (bias + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
                beats["bias"].append((self.payloads["bias"].pack(bias=bias), False))
            fresh = product.release or not self.depth
        return {name: each for name, each in beats.items() if name in self.payloads}

    def expected(self, item: Product) -> list[Fields]:
        """Return golden's sum and flag."""
        total, flag = self.reference.dot(item.activations, item.codes)
        return [{"sum": total, "overflow": flag}]

    def useful(self, item: Product) -> int:
        """Return how many products are not zero."""
        return int(np.count_nonzero(self.reference.products(item.activations, item.codes)))


KIT = LogMac()
LANES, DEPTH, REFERENCE = KIT.lanes, KIT.depth, KIT.reference

random_dot_products = KIT.pauses()
one_beat_a_cycle = KIT.interval_and_latency()
reset_in_the_middle = KIT.reset_in_the_middle()


@cocotb.test()
async def overflow_is_flagged(dut: Any) -> None:
    """Sums beyond the range wrap or saturate, set the flag, and the next sum starts with it cleared."""
    rng = KIT.rng()
    beats = [int(room // LANES) + 2 for *_, room in REFERENCE.largest]
    products = KIT.products(rng, 4, longest=min([*beats, 400]), extreme=True)
    reached = [each for each in zip(REFERENCE.largest, beats, strict=True) if each[1] <= 400 and not DEPTH]
    for (activation, code, _), count in reached:  # each running sum once, the first one twice
        long = Product(np.full(count * LANES, activation), np.full(count * LANES, code))
        products = [long, *KIT.products(rng, 3, longest=2), *([] if products[4:] else [long]), *products]
    found = await KIT.run(dut, products)
    assert sum(beat["overflow"] for beat in found) >= len(reached) + bool(reached), "nothing overflowed"


@cocotb.test()
async def every_weight_and_activation(dut: Any) -> None:
    """All pairs of weight code and activation, in every lane."""
    products = []
    span = REFERENCE.high - REFERENCE.low + 1
    pairs = np.arange(REFERENCE.codes * span)
    if len(pairs) > MOST_PAIRS:
        pairs = np.sort(KIT.rng().choice(pairs, MOST_PAIRS, replace=False))
    for code, first in zip(pairs // span, pairs % span, strict=True):
        last = len(products) == len(pairs) - 1 or pairs[len(products) + 1] // span != code
        activations = (np.arange(LANES) + first) % span + REFERENCE.low
        products.append(Product(activations, np.full(LANES, code), release=last))
    await KIT.run(dut, products)
