"""Scale products, block sums and scaled sums of the vector MAC: exhaustively where small, and what they cost."""

from typing import Any

import numpy as np
import pytest

from dotforge.engines.vsquant.config import VSQuantConfig, round_scale_product
from dotforge.engines.vsquant.datapath import BlockSum, RowSum, ScaledSum, VectorMac, block_sum, scale_product
from dotforge.engines.vsquant.select import Select
from dotforge.export.verilog import convert
from dotforge.synthesis import area
from dotforge_golden import vsquant as golden
from dotforge_sim.simulator.cosim import evaluate
from dotforge_sim.simulator.words import signed


def grid(*counts: int) -> list[np.ndarray]:
    return [axis.ravel() for axis in np.meshgrid(*(np.arange(count) for count in counts))]


def configuration(**parameters: Any) -> VSQuantConfig:
    return VSQuantConfig(**parameters)


@pytest.mark.parametrize("rounding", ["half_up", "half_even"])
@pytest.mark.parametrize(
    ("weight_bits", "activation_bits", "kept"),
    [(4, 4, 4), (4, 4, 0), (4, 4, 8), (4, 4, 1), (2, 2, 1), (2, 10, 5), (7, 6, 4), (8, 8, 8), (10, 10, 2)],
)
def test_every_scale_product(weight_bits: int, activation_bits: int, kept: int, rounding: str) -> None:
    config = configuration(
        weight_scale_bits=weight_bits,
        activation_scale_bits=activation_bits,
        scale_product_bits=kept,
        scale_rounding=rounding,
    )
    design = convert(scale_product(config))
    weight, activation = grid(2**weight_bits, 2**activation_bits)
    given = {"weight": weight, "activation": activation}
    found = evaluate(design.verilog, design.top, design.ports, given)["scale"]
    dropped = golden.scale_position(weight_bits, activation_bits, kept)
    wanted = golden.scale_product(weight, activation, dropped=dropped, rounding=rounding)
    assert dropped == config.scale_position
    assert len(found) == 2 ** (weight_bits + activation_bits)
    assert np.array_equal(found, wanted)
    assert wanted.max() == config.largest_scale


def test_golden_and_configuration_round_alike() -> None:
    product = np.arange(1 << 12)
    for dropped in (0, 1, 2, 5, 11, 12):
        for rounding in ("half_up", "half_even"):
            one = golden.scale_product(product, 1, dropped=dropped, rounding=rounding)
            other = [round_scale_product(int(value), dropped, rounding) for value in product]
            assert np.array_equal(one, other)
    assert list(golden.scale_product([1, 3, 5, 6], 1, dropped=1, rounding="half_even")) == [0, 2, 2, 3]
    assert list(golden.scale_product([1, 3, 5, 6], 1, dropped=1, rounding="half_up")) == [1, 2, 3, 3]


PAIRS = [(2, 2), (4, 4), (2, 8), (8, 3), (8, 8)]


@pytest.mark.parametrize(
    ("weight_bits", "activation_bits"),
    PAIRS
    + [
        pytest.param(weight_bits, activation_bits, marks=pytest.mark.slow)
        for weight_bits in range(2, 9)
        for activation_bits in range(2, 9)
        if (weight_bits, activation_bits) not in PAIRS
    ],
)
def test_every_pair_of_elements(weight_bits: int, activation_bits: int) -> None:
    """Every pair in the second of three lanes; the others and the addend are random."""
    lanes, width = 3, 20
    block = BlockSum(
        lanes=lanes, weight_bits=weight_bits, activation_bits=activation_bits, width=width, addend=True
    )
    design = convert(block)
    rng = np.random.default_rng(1)
    pairs = 2 ** (weight_bits + activation_bits)
    weights = rng.integers(-(2 ** (weight_bits - 1)), 2 ** (weight_bits - 1), (pairs, lanes))
    activations = rng.integers(-(2 ** (activation_bits - 1)), 2 ** (activation_bits - 1), (pairs, lanes))
    one, other = grid(2**weight_bits, 2**activation_bits)
    weights[:, 1], activations[:, 1] = one - 2 ** (weight_bits - 1), other - 2 ** (activation_bits - 1)
    addend = rng.integers(-(2**18), 2**18, pairs)
    given = {
        "weights": packed(weights, weight_bits),
        "activations": packed(activations, activation_bits),
        "addend": addend,
    }
    found = signed(evaluate(design.verilog, design.top, design.ports, given)["total"], width)
    assert len(np.unique(weights[:, 1] * 1000 + activations[:, 1])) == pairs
    assert np.array_equal(found, (weights * activations).sum(axis=1) + addend)


@pytest.mark.parametrize(("vector", "bits"), [(16, 2), (16, 4), pytest.param(64, 4, marks=pytest.mark.slow)])
def test_extreme_block_sums_are_exact(vector: int, bits: int) -> None:
    """All elements at an extreme, either sign, and all but one: the heap has no bit to spare and none too few."""
    config = configuration(vector=vector, lanes=vector, weight_bits=bits, activation_bits=bits)
    design = convert(block_sum(config))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    rows = [np.full(vector, value) for value in (low, high, 0)]
    rows += [
        np.where(np.arange(vector) == lane, other, low) for lane in (0, vector - 1) for other in (high, 0)
    ]
    one, other = grid(len(rows), len(rows))
    weights, activations = np.array(rows)[one], np.array(rows)[other]

    def wide(values: np.ndarray) -> np.ndarray:
        codes = (values % 2**bits).astype(np.uint8)
        each = (codes[..., None] >> np.arange(bits)) & 1
        return np.packbits(each.reshape(len(values), -1), axis=1, bitorder="little")

    width = vector * bits
    given = {
        "weights": wide(weights) if width > 64 else packed(weights, bits),
        "activations": wide(activations) if width > 64 else packed(activations, bits),
    }
    found = evaluate(design.verilog, design.top, design.ports, given)["total"]
    wanted = (weights * activations).sum(axis=1)
    assert wanted.max() == vector * low * low == 2 ** (config.block_bits - 2)
    assert np.array_equal(signed(found, config.block_bits), wanted)


def packed(values: np.ndarray, bits: int) -> np.ndarray:
    shifts = np.arange(values.shape[1], dtype=np.int64) * bits
    return ((values % 2**bits) << shifts).sum(axis=1)


@pytest.mark.parametrize("rows", [1, 2])
def test_scaled_sums(rows: int) -> None:
    groups, block_bits, scale_bits, width = 3, 12, 4, 26
    scaled = ScaledSum(
        groups=groups, block_bits=block_bits, scale_bits=scale_bits, addend_bits=24, width=width, rows=rows
    )
    design = convert(scaled)
    rng = np.random.default_rng(2)
    count = 20_000
    blocks = rng.choice([-2048, -1, 0, 1, 2047, *rng.integers(-2048, 2048, 9)], (count, groups))
    scales = rng.choice([0, 1, 14, 15, *rng.integers(0, 16, 4)], (count, groups))
    addend = rng.choice([-(2**23), 2**23 - 1, 0, *rng.integers(-(2**23), 2**23, 5)], count)
    given = {"blocks": packed(blocks, block_bits), "scales": packed(scales, scale_bits), "addend": addend}
    found = evaluate(design.verilog, design.top, design.ports, given)["total"].astype(np.uint64)
    total = (found & np.uint64(2**width - 1)) + (found >> np.uint64(width) if rows == 2 else np.uint64(0))
    wanted = (blocks * scales).sum(axis=1) + addend
    assert np.array_equal(signed(total & np.uint64(2**width - 1), width), wanted)


def test_rows_add_up() -> None:
    design = convert(RowSum(rows=2, addend_bits=10, width=14))
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 2**14, (5000, 2))
    addend = rng.choice([-512, 511, *rng.integers(-512, 512, 6)], 5000)
    given = {"rows": packed(rows, 14), "addend": addend}
    found = evaluate(design.verilog, design.top, design.ports, given)["total"]
    assert np.array_equal(found, (rows.sum(axis=1) + addend) % 2**14)


def test_every_place_of_four() -> None:
    design = convert(Select(lanes=2, activation_bits=3))
    first, second = grid(4, 4)
    activations = np.array([5, 1, 7, 2])
    given = {"activations": packed(np.tile(activations, (16, 1)), 3), "indices": first | second << 2}
    found = evaluate(design.verilog, design.top, design.ports, given)["selected"]
    assert np.array_equal(found, activations[first] | activations[second] << 3)


@pytest.mark.parametrize("sparsity", ["none", "2:4"])
@pytest.mark.parametrize(("weight_bits", "activation_bits"), [(2, 2), (4, 4), (4, 8), (8, 8)])
@pytest.mark.parametrize(("vector", "lanes"), [(16, 16), (16, 64), (48, 6), (64, 8)])
def test_widths_hold_the_extremes(
    vector: int, lanes: int, weight_bits: int, activation_bits: int, sparsity: str
) -> None:
    """The worst cases fit, and would not fit in one bit less."""
    config = configuration(
        vector=vector,
        lanes=lanes,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        sparsity=sparsity,
    )
    products = vector // (2 if sparsity == "2:4" else 1)
    low = (-(2 ** (weight_bits - 1)), -(2 ** (activation_bits - 1)))
    block = products * low[0] * low[1]
    assert block < 2 ** (config.block_bits - 1) <= 2 * block
    update = (
        config.groups
        * block
        * int(golden.scale_product(15, 15, dropped=config.scale_position, rounding="half_up"))
    )
    assert config.largest_update == update
    assert 2 ** (config.sum_bits - 1) - 1 + update < 2 ** (config.exact_bits - 1)
    assert config.groups * config.group_lanes == lanes
    assert config.beats * config.positions == config.groups * vector


def test_vector_mac_accumulates() -> None:
    config = configuration(lanes=32, sum_bits=12)
    mac = convert(VectorMac(config))
    rng = np.random.default_rng(5)
    count, groups = 4000, 2
    weights, activations = (rng.integers(-8, 8, (count, 32)) for _ in range(2))
    weight_scales, activation_scales = (
        rng.choice([0, 1, 15, *rng.integers(0, 16, 3)], (count, groups)) for _ in range(2)
    )

    def wide(values: np.ndarray) -> list[int]:
        return [sum(int(lane) % 16 << 4 * index for index, lane in enumerate(row)) for row in values]

    given = {
        "weights": wide(weights),
        "activations": wide(activations),
        "weight_scales": packed(weight_scales, 4),
        "activation_scales": packed(activation_scales, 4),
    }
    found = evaluate(mac.verilog, mac.top, mac.ports, given)["sum"].astype(np.int64)
    each, _, _ = golden.dot(
        activations, weights, activation_scales, weight_scales, vector=16, dropped=4, rounding="half_up",
        sum_bits=40,
    )  # fmt: skip
    assert np.array_equal(np.diff(found) % 2**12, each[:-1] % 2**12)


@pytest.mark.parametrize(
    ("parameters", "limit"),
    [
        ({}, 658),
        ({"scale_product_bits": 0}, 748),
        pytest.param({"vector": 64, "lanes": 64}, 549, marks=pytest.mark.slow),
        pytest.param({"vector": 64, "lanes": 64, "scale_product_bits": 0}, 575, marks=pytest.mark.slow),
        pytest.param(
            {"weight_bits": 8, "activation_bits": 8, "weight_scale_bits": 8, "activation_scale_bits": 8,
             "scale_product_bits": 8, "sum_bits": 32}, 2080, marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_transistors_per_product(parameters: dict[str, Any], limit: int) -> None:
    config = configuration(**parameters)
    assert area.flat(VectorMac(config)) <= limit * config.lanes
