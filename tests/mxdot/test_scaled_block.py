"""Block sums times their scales, rounded once to FP32: every pair of scales, ties, subnormals, overflow, NaN."""

from typing import Any

import numpy as np
import pytest

from dotforge.engines.mxdot.config import MXDotConfig
from dotforge.engines.mxdot.datapath import ScaledBlock, block_sum
from dotforge.export.verilog import convert
from dotforge_golden import mx
from dotforge_golden.mxdot import NAN, dot
from dotforge_sim.simulator.cosim import evaluate
from dotforge_sim.simulator.words import to_integers


def of(format: str, **more: Any) -> MXDotConfig:
    both: dict[str, Any] = {"weight_format": format, "activation_format": format, **more}
    return MXDotConfig(**both)


def scaled(config: MXDotConfig, given: dict[str, Any]) -> np.ndarray:
    design = convert(ScaledBlock(config))
    count = max(len(column) for column in given.values() if not isinstance(column, int))
    flags = dict.fromkeys(("nan", "rises", "falls"), 0)
    found = evaluate(design.verilog, design.top, design.ports, {**flags, **given})["o"]
    assert len(found) == count
    return found.astype(np.uint32)


@pytest.mark.parametrize("format", ["mxfp4", "nvfp4"])
def test_every_pair_of_scales(format: str) -> None:
    """With the largest block sums, the smallest, and some: zero, subnormal, infinite and NaN results."""
    config = of(format)
    codes = np.arange(2**config.scale_bits)
    weight, activation = np.repeat(codes, len(codes)), np.tile(codes, len(codes))
    top = config.block * config.weight.largest * config.activation.largest
    rng = np.random.default_rng(1)
    totals = [top, -top, 1, 0, int(rng.integers(-top, top))]
    totals = np.repeat(totals, len(weight))
    weight, activation = np.tile(weight, 5), np.tile(activation, 5)
    found = scaled(config, {"total": totals, "weight_scale": weight, "activation_scale": activation})
    scales = mx.decode_scales(weight, format) * mx.decode_scales(activation, format)
    with np.errstate(over="ignore"):
        wanted = (np.ldexp(totals.astype(np.float64), config.unit) * scales).astype(np.float32)
    bits = np.where(np.isnan(wanted), np.uint32(NAN), wanted.view(np.uint32))
    zero = wanted == 0  # a product with a scale of zero has no sign here; the running sum starts from +0
    assert np.array_equal(found[~zero], bits[~zero])
    assert not (found[zero] & 0x7FFFFFFF).any()
    assert len(found) == 5 * 4**config.scale_bits
    assert np.isnan(wanted).any()
    assert format == "nvfp4" or (np.isinf(wanted).any() and (np.abs(wanted[~zero]) < 2.0**-126).any())


@pytest.mark.parametrize(
    "format", ["mxint8", "mxfp8_e5m2", pytest.param("mxfp8_e4m3", marks=pytest.mark.slow)]
)
def test_rounding_to_fp32(format: str) -> None:
    """Sums of all sizes around ties, at all exponents, rounded once; subnormal results too."""
    config = of(format)
    rng = np.random.default_rng(2)
    count, bits = 20_000, config.block_bits - 1
    totals = []
    for _ in range(count):
        size = int(rng.integers(1, bits + 1))
        value = int.from_bytes(rng.bytes(-(-size // 8)), "little") % (1 << size) | 1 << (size - 1)
        if rng.random() < 0.7:  # on a tie, and beside one
            drop = int(rng.integers(0, size))
            value = (value >> drop | 1) << drop
            value = max(0, value + int(rng.integers(-1, 2)))
        totals.append(min(value, (1 << bits) - 1) * (-1 if rng.random() < 0.5 else 1))
    weight = rng.integers(0, 255, count)
    activation = np.clip(254 - weight + rng.integers(-180, 140, count), 0, 254)
    given = {"total": totals, "weight_scale": weight, "activation_scale": activation}
    found = scaled(config, given)
    exponents = config.unit + weight + activation - 254
    wanted = np.array(
        [rounded(value, int(exponent)) for value, exponent in zip(totals, exponents, strict=True)]
    )
    zero = wanted & 0x7FFFFFFF == 0
    assert np.array_equal(found[~zero], wanted[~zero])
    assert not (found[zero] & 0x7FFFFFFF).any()
    kinds = (wanted >> 23) & 255
    assert min(np.count_nonzero(kinds == 0), np.count_nonzero(kinds == 255)) > 50


def rounded(value: int, exponent: int) -> int:
    """Return value · 2^exponent as FP32, ties to even, in integers."""
    magnitude, sign = abs(value), 0x80000000 if value < 0 else 0
    lowest = max(magnitude.bit_length() - 24, -149 - exponent)  # places that are dropped
    if lowest > 0:
        kept, rest = magnitude >> lowest, magnitude & ((1 << lowest) - 1)
        half = 1 << (lowest - 1)
        kept += rest > half or (rest == half and kept & 1)
        exponent += lowest
    else:
        kept = magnitude
    number = float(kept) * 2.0**exponent if exponent > -1000 else 0.0
    if number >= 2.0**128:
        return sign | 0x7F800000
    return sign | int(np.float32(number).view(np.uint32))


def test_flags_win_over_numbers() -> None:
    config = of("mxfp8_e5m2")
    cases = [
        (0, 0, 0, 0x3F800000),
        (1, 0, 0, NAN),
        (0, 1, 0, 0x7F800000),
        (0, 0, 1, 0xFF800000),
        (1, 1, 0, NAN),
    ]
    nan, rises, falls, wanted = (np.array(column) for column in zip(*cases, strict=True))
    one = 1 << -config.unit
    given = {"total": [one] * 5, "weight_scale": 127, "activation_scale": 127}
    found = scaled(config, {**given, "nan": nan, "rises": rises, "falls": falls})
    assert np.array_equal(found, wanted)


@pytest.mark.slow
def test_golden_dot_of_a_block_is_the_datapath() -> None:
    """Block sum, scales and rounding in a row, whole blocks of random codes with NaN and infinities."""
    config = of("mxfp8_e5m2", lanes=32)
    design = convert(block_sum(config))
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 256, (2, 3000, config.block))
    special = (codes & 0x7C) == 0x7C
    codes = np.where(special & (rng.random(codes.shape) < 0.97), codes & 0x83, codes)
    lanes = codes.astype(np.uint8)
    given = {"weights": lanes[0], "activations": lanes[1]}
    sums = evaluate(design.verilog, design.top, design.ports, given)
    flags = {name: sums[name].astype(np.int64) for name in ("nan", "rises", "falls")}
    totals = to_integers(sums["total"], config.block_bits)
    scales = rng.integers(100, 150, (2, 3000))
    found = scaled(
        config, {"total": totals, "weight_scale": scales[0], "activation_scale": scales[1], **flags}
    )
    formats = {"weight_format": "mxfp8_e5m2", "activation_format": "mxfp8_e5m2"}
    wanted = dot(codes[0], codes[1], scales[0][:, None], scales[1][:, None], **formats).sums
    assert np.array_equal(found, wanted)
    assert min(np.count_nonzero(wanted == code) for code in (NAN, 0x7F800000, 0xFF800000)) > 20
