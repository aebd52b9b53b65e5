# amaranth: UnusedElaboratable=no
"""Floating-point multiplier against NumPy, bit for bit."""

from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic.float_multiplier import FloatMultiplier
from dotforge.export.verilog import convert
from dotforge.formats import table as formats
from dotforge.formats.table import BF16, FP16, FP32, FloatFormat
from dotforge.synthesis import area
from dotforge_golden import formats as golden_formats
from dotforge_golden.float_multiplier import multiply

from .floats import classes, draw, run, run_text, show

EIGHT_BITS = [formats.FP8_E4M3, formats.FP8_E5M2]


def golden(format: FloatFormat) -> golden_formats.FloatFormat:
    return golden_formats.FloatFormat(
        format.name, format.exponent_bits, format.mantissa_bits, format.specials
    )


def wanted_products(block: FloatMultiplier, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    formats = (golden(block.a_format), golden(block.b_format))
    return multiply(a, b, *formats, product=golden(block.product), flush_subnormals=block.flush_subnormals)


def check(block: FloatMultiplier, a: np.ndarray, b: np.ndarray) -> None:
    found, wanted = run(block, a=a, b=b), wanted_products(block, a, b)
    assert len(found) == len(a)
    assert np.array_equal(found, wanted), show(found, wanted, a, b)


def every_pair(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.meshgrid(first, second)
    return a.ravel().astype(np.uint32), b.ravel().astype(np.uint32)


def operands(block: FloatMultiplier, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs, three of four of them with a product near an end of the result's range."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    a, b = draw(block.a_format, count, rng), draw(block.b_format, count, rng)
    first, second, target = block.a_format, block.b_format, block.product
    exponent = (a >> first.mantissa_bits & first.exponent_mask).astype(np.int64)
    end = rng.choice([0, 0, target.exponent_mask], count) - target.bias + first.bias + second.bias
    reach = target.mantissa_bits + 4
    other = np.clip(end + rng.integers(-reach, reach, count) - exponent, 0, second.exponent_mask)
    near_end = (
        b.astype(np.int64) & ~(second.exponent_mask << second.mantissa_bits) | other << second.mantissa_bits
    )
    return a, np.where(rng.integers(0, 4, count) > 0, near_end, b).astype(np.uint32)


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("b_format", EIGHT_BITS, ids=lambda format: format.name)
@pytest.mark.parametrize("a_format", EIGHT_BITS, ids=lambda format: format.name)
def test_every_product_of_8_bits(a_format: FloatFormat, b_format: FloatFormat, flush: bool) -> None:
    a, b = every_pair(np.arange(256), np.arange(256))
    assert len(a) == 65_536
    check(FloatMultiplier(a_format, b_format, flush_subnormals=flush), a, b)


@pytest.mark.parametrize("flush", [False, True])
def test_every_product_of_8_bits_in_a_block(flush: bool) -> None:
    """The significands as an operator: the same products."""
    a, b = every_pair(np.arange(256), np.arange(256))
    check(FloatMultiplier(formats.FP8_E4M3, flush_subnormals=flush, block=True), a, b)


@pytest.mark.parametrize("flush", [False, True])
def test_bf16_every_exponent_pair(flush: bool) -> None:
    """Every exponent of a, every exponent and sign of b, at the ends of their fractions."""
    fields = np.arange(256)[:, None] << 7
    a = (fields | np.array([0, 1, 0x7F])).ravel()
    b = (fields | np.array([0, 1, 0x7F]) | np.array([0, 0x8000])[:, None, None]).ravel()
    a, b = every_pair(a, b)
    assert len(a) == 256 * 3 * 256 * 3 * 2
    check(FloatMultiplier(BF16, flush_subnormals=flush), a, b)


@pytest.mark.slow
@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("part", range(8))
def test_bf16_every_class(part: int, flush: bool) -> None:
    """Every exponent, every corner of the fractions, every sign, of both operands."""
    corners = classes(BF16, np.arange(256))
    assert len(corners) >= 256 * 2 * 8
    a, b = every_pair(corners, corners[part::8])
    check(FloatMultiplier(BF16, flush_subnormals=flush), a, b)


@pytest.mark.parametrize(
    ("format", "flush", "operators"),
    [
        (BF16, False, False),
        (BF16, False, True),
        (BF16, True, False),
        (BF16, True, True),
        (FP16, False, True),
        (FP16, True, True),
    ],
)
def test_random_products(format: FloatFormat, flush: bool, operators: bool) -> None:
    block = FloatMultiplier(format, flush_subnormals=flush, operators=operators)
    check(block, *operands(block, 100_000, seed=1))


@pytest.mark.parametrize("flush", [False, True])
def test_fp16_every_pair_of_classes(flush: bool) -> None:
    corners = classes(FP16)
    check(FloatMultiplier(FP16, flush_subnormals=flush), *every_pair(corners, corners))


@pytest.mark.parametrize(
    ("a_format", "b_format", "product"),
    [
        (BF16, BF16, BF16),
        (FP16, FP16, FP16),
        (BF16, FP16, FP32),
        (formats.FP8_E4M3, BF16, FP32),
        (FP16, formats.FP8_E5M2, FP16),
        (formats.FP8_E4M3, formats.FP8_E4M3, FP16),
        (formats.FP8_E4M3, formats.FP8_E4M3, formats.FP8_E5M2),
        (FloatFormat("E2M1", 2, 1, "none"), FloatFormat("E3M2", 3, 2, "none"), FP16),
        (FP32, FP32, FP32),
    ],
    ids=lambda format: format.name,
)
def test_mixed_and_narrow_products(
    a_format: FloatFormat, b_format: FloatFormat, product: FloatFormat
) -> None:
    for flush in (False, True) if product.width < 32 else (False,):
        block = FloatMultiplier(a_format, b_format, product=product, flush_subnormals=flush)
        if a_format.width <= 8 and b_format.width <= 8:
            check(block, *every_pair(np.arange(1 << a_format.width), np.arange(1 << b_format.width)))
        else:
            check(block, *operands(block, 50_000, seed=2))


@pytest.mark.parametrize(
    ("pipeline", "format", "flush"),
    [
        (1, BF16, False),
        (2, BF16, False),
        (3, BF16, False),
        (3, FP16, True),
        # The carry of the significands comes with the exponents, or a stage later.
        (1, BF16, True),
        (2, BF16, True),
    ],
)
def test_every_depth(pipeline: int, format: FloatFormat, flush: bool) -> None:
    block = FloatMultiplier(format, pipeline=pipeline, flush_subnormals=flush)
    assert block.latency == pipeline
    a, b = operands(block, 10_000, seed=3)
    design, wanted = convert(block), wanted_products(block, a, b)
    for latency in (pipeline - 1, pipeline):
        found = run_text(design, latency, a=a, b=b)
        assert np.array_equal(found, wanted) == (latency == pipeline), f"latency {latency}"


MUTATIONS = {
    "zero times infinity": (r"(assign invalid = .*) \| \w+;", r"\1;"),
    "a subnormal's exponent counted as 0": (
        r"(assign exponents_sum_0|assign biased\[0\]) = .*;",
        r"\1 = 1'h0;",
    ),
    "ties away from zero": (r"assign round_up = .*;", "assign round_up = window[0];"),
    "overflow missed": (r"assign over = .*;", "assign over = 1'h0;"),
    "a carry of the product dropped": (r"(assign product_7_0_carry) = .*;", r"\1 = 1'h0;"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    block = FloatMultiplier(BF16)
    design = mutate(convert(block), *MUTATIONS[name])
    a, b = operands(block, 20_000, seed=4)
    assert not np.array_equal(run_text(design, 0, a=a, b=b), wanted_products(block, a, b))


@pytest.mark.parametrize(
    ("format", "flush", "most"),
    [(BF16, False, 3_600), (BF16, True, 2_200), (FP16, False, 4_250)],  # the bars are 3,600 and 2,560
)
def test_area(format: FloatFormat, flush: bool, most: int) -> None:
    assert area.flat(FloatMultiplier(format, flush_subnormals=flush)) <= most


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": 4}, "FloatMultiplier: pipeline is 0…3, not 4"),
        ({"product": formats.FP8_E4M3}, "FloatMultiplier: product has IEEE 754 specials, unlike FP8_E4M3"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        FloatMultiplier(BF16, **arguments)
