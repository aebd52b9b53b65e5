"""Bench of the log-weight MAC: sums and overflow flags against golden, bit for bit."""

from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from axi_stream import Bench
from bench_report import manifest, report
from logmac_reference import reference

from dotforge_golden.logmac import folded_bias, weight_code

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
REFERENCE = reference(PARAMETERS)
LANES, DEPTH = PARAMETERS["lanes"], PARAMETERS["weight_depth"]
LOW, HIGH = REFERENCE.low, REFERENCE.high

#: Pairs of operands that are all tried; of more, as many chosen at random.
MOST_PAIRS = 4096


@dataclass
class Product:
    """A dot product: shape (beats · lanes), and whether its weights are given up after it."""

    activations: np.ndarray
    codes: np.ndarray
    release: bool = True


def random_products(
    rng: np.random.Generator, count: int, *, longest: int, extreme: bool = False
) -> list[Product]:
    """Dot products of random length; stationary weights stay for one to three of them."""
    products: list[Product] = []
    while len(products) < count:
        uses = int(rng.integers(1, 4)) if DEPTH else 1
        width = int(rng.integers(1, min(longest, DEPTH or longest) + 1)) * LANES
        codes = rng.integers(0, REFERENCE.codes, width)
        if extreme:  # products all of one sign, as large as they get
            codes = np.full(width, rng.choice(REFERENCE.extreme_codes))
        for use in range(uses):
            activations = rng.integers(LOW, HIGH + 1, width)
            if extreme:
                activations = np.full(width, rng.choice(REFERENCE.extreme_activations))
            products.append(Product(activations, codes, release=use == uses - 1))
    return products


def expected(product: Product) -> tuple[int, bool]:
    """Golden sum and flag."""
    return REFERENCE.dot(product.activations, product.codes)


def send(bench: Bench, products: list[Product]) -> None:
    """Queue the beats of dot products on all inputs."""
    activations: list[tuple[int, bool]] = []
    weights: list[tuple[int, bool]] = []
    biases: list[tuple[int, bool]] = []
    fresh = True
    for product in products:
        beats = len(product.codes) // LANES
        for beat in range(beats):
            ends = beat == beats - 1
            fields: dict[str, Any] = {"activation": product.activations.reshape(-1, LANES)[beat]}
            if DEPTH:
                fields["release"] = int(product.release)
            activations.append((bench.payloads["activations"].pack(**fields), ends))
            if fresh:
                word = bench.payloads["weights"].pack(weight=product.codes.reshape(-1, LANES)[beat])
                weights.append((word, ends))
        if fresh and PARAMETERS["fold_sign"]:
            bits = PARAMETERS["sum_bits"]
            bias = int(folded_bias(product.codes, weight_code(PARAMETERS["weight_code"])))
            bias = (bias + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
            biases.append((bench.payloads["bias"].pack(bias=bias), False))
        fresh = product.release or not DEPTH
    bench.send("activations", activations)
    bench.send("weights", weights)
    if biases:
        bench.send("bias", biases)


async def check(bench: Bench, products: list[Product], *, after: int = 0) -> int:
    """Wait for the sums of dot products and compare; returns how many overflowed."""
    received = await bench.wait_for("sums", after + len(products))
    overflowed = 0
    for index, (product, beat) in enumerate(zip(products, received[after:], strict=True)):
        found = (
            bench.payloads["sums"].unpack(beat.data, "sum"),
            bench.payloads["sums"].unpack(beat.data, "overflow"),
        )
        total, flag = expected(product)
        overflowed += flag
        assert found == (total, flag), f"dot product {index}: sum, overflow {found}, golden {(total, flag)}"
    await bench.settle()
    assert len(bench.received["sums"]) == after + len(products), "more sums than dot products"
    useful = sum(int(np.count_nonzero(REFERENCE.products(each.activations, each.codes))) for each in products)
    report(vectors=len(products), useful_macs=useful)
    return overflowed


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5], backpressure=[0.0, 0.6])
async def random_dot_products(dut: Any, idle: float, backpressure: float) -> None:
    """Every mixture of pauses at the inputs and at the output."""
    bench = Bench(dut, MANIFEST, idle=idle, backpressure=backpressure)
    await bench.start()
    products = random_products(np.random.default_rng(cocotb.RANDOM_SEED), 60, longest=9)
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def one_beat_a_cycle(dut: Any) -> None:
    """Initiation interval 1 over dot products of one beat, and the stated latency."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    codes = rng.integers(0, REFERENCE.codes, LANES)
    products = [
        Product(rng.integers(LOW, HIGH + 1, LANES), codes, release=index == 49) for index in range(50)
    ]
    if not DEPTH:
        for product in products:
            product.codes = rng.integers(0, REFERENCE.codes, LANES)
    send(bench, products)
    await check(bench, products)
    taken = [beat.cycle for beat in bench.sent["activations"]]
    given = [beat.cycle for beat in bench.received["sums"]]
    assert taken == list(range(taken[0], taken[0] + 50)), "activations were not taken every cycle"
    latency = {after - before for before, after in zip(taken, given, strict=True)}
    assert latency == {MANIFEST["latency"]}, f"latency {latency}, manifest {MANIFEST['latency']}"


@cocotb.test()
async def overflow_is_flagged(dut: Any) -> None:
    """Sums beyond the range wrap or saturate, set the flag, and the next sum starts with it cleared."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    beats = [int(room // LANES) + 2 for *_, room in REFERENCE.largest]
    products = random_products(rng, 4, longest=min([*beats, 400]), extreme=True)
    reached = [each for each in zip(REFERENCE.largest, beats, strict=True) if each[1] <= 400 and not DEPTH]
    for (activation, code, _), count in reached:  # each running sum once, the first one twice
        long = Product(np.full(count * LANES, activation), np.full(count * LANES, code))
        products = [long, *random_products(rng, 3, longest=2), *([] if products[4:] else [long]), *products]
    send(bench, products)
    overflowed = await check(bench, products)
    assert overflowed >= len(reached) + bool(reached), "nothing overflowed"


@cocotb.test()
async def every_weight_and_activation(dut: Any) -> None:
    """All pairs of weight code and activation, in every lane."""
    bench = Bench(dut, MANIFEST)
    await bench.start()
    products = []
    span = HIGH - LOW + 1
    pairs = np.arange(REFERENCE.codes * span)
    if len(pairs) > MOST_PAIRS:
        pairs = np.sort(np.random.default_rng(cocotb.RANDOM_SEED).choice(pairs, MOST_PAIRS, replace=False))
    for code, first in zip(pairs // span, pairs % span, strict=True):
        last = len(products) == len(pairs) - 1 or pairs[len(products) + 1] // span != code
        activations = (np.arange(LANES) + first) % span + LOW
        products.append(Product(activations, np.full(LANES, code), release=last))
    send(bench, products)
    await check(bench, products)


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset forgets everything: no old sum, flag or weight comes out after it."""
    bench = Bench(dut, MANIFEST, idle=0.2, backpressure=0.3)
    await bench.start()
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    for _ in range(5):
        send(bench, random_products(rng, 30, longest=6))
        await bench.settle(int(rng.integers(5, 60)))
        await bench.restart()
        products = random_products(rng, 8, longest=4)
        send(bench, products)
        await check(bench, products)
        await bench.restart()
