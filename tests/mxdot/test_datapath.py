"""Products, block sums and scaled sums of block formats: every pair of elements, every pair of scales, extremes."""

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from dotforge.block import Block
from dotforge.engines.mxdot.block_sum import BlockSum, ElementMac
from dotforge.engines.mxdot.config import MXDotConfig
from dotforge.engines.mxdot.datapath import BlockMac, block_sum
from dotforge.engines.mxdot.product import ElementLane, ElementProduct, product_bits
from dotforge.export.verilog import Design, convert
from dotforge.formats.block import ELEMENTS
from dotforge.synthesis import area
from dotforge_golden import mx
from dotforge_golden.mxdot import dot
from dotforge_sim.simulator.cosim import evaluate
from dotforge_sim.simulator.words import signed, to_integers

MX = [name for name in ELEMENTS if name != "nvfp4"]


def grid(*counts: int) -> list[np.ndarray]:
    return [axis.ravel() for axis in np.meshgrid(*(np.arange(count) for count in counts))]


def packed(codes: np.ndarray, width: int) -> list[int]:
    """One word a row, lane 0 in the low bits."""
    return [sum(int(code) << width * lane for lane, code in enumerate(row)) for row in codes]


def of(format: str, **more: Any) -> MXDotConfig:
    both: dict[str, Any] = {"weight_format": format, "activation_format": format, **more}
    return MXDotConfig(**both)


class AllProducts(Block):
    """The products of one format with all formats of its kind, side by side: one simulator for all of them."""

    a: Signal
    b: Signal

    def __init__(self, format: str, others: tuple[str, ...]) -> None:
        self.lanes = {other: ElementProduct(a=format, b=other) for other in others}
        ports = {"a": In(8), "b": In(8)}
        for other, lane in self.lanes.items():
            ports |= {
                f"{name}_{other}": Out(len(getattr(lane, name)))
                for name in lane.signature.members
                if name not in ("a", "b")
            }
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for other, lane in self.lanes.items():
            m.submodules[f"lane_{other}"] = lane
            m.d.comb += [lane.a.eq(self.a), lane.b.eq(self.b)]
            for name in lane.signature.members:
                if name not in ("a", "b"):
                    m.d.comb += getattr(self, f"{name}_{other}").eq(getattr(lane, name))
        return m


@pytest.mark.parametrize(
    ("format", "others"),
    [("nvfp4", ("nvfp4",)), ("mxfp4", tuple(MX)), ("mxfp8_e4m3", tuple(MX))]
    + [
        pytest.param(format, tuple(MX), marks=pytest.mark.slow)
        for format in MX
        if format not in ("mxfp4", "mxfp8_e4m3")
    ],
)
def test_every_pair_of_elements(format: str, others: tuple[str, ...]) -> None:
    """Every code of a format with every code of all others: number, sign, NaN, infinity."""
    design = convert(AllProducts(format, others))
    a, b = grid(256, 256)
    found = evaluate(design.verilog, design.top, design.ports, {"a": a, "b": b})
    checked = 0
    for other in others:
        kept = (a < 2 ** ELEMENTS[format].width) & (b < 2 ** ELEMENTS[other].width)
        first, second = mx.decode(a[kept], format), mx.decode(b[kept], other)
        with np.errstate(invalid="ignore"):
            wanted = first * second
        lane = {
            name: found[f"{name}_{other}"][kept]
            for name in ("magnitude", "negative", "nan", "infinite")
            if f"{name}_{other}" in found
        }
        nan = lane.get("nan", np.zeros(len(wanted), np.uint8)) == 1
        infinite = (lane.get("infinite", np.zeros(len(wanted), np.uint8)) == 1) & ~nan
        assert np.array_equal(nan, np.isnan(wanted))
        assert np.array_equal(infinite, np.isinf(wanted))
        number = np.isfinite(wanted)
        signs = a[kept] >> (ELEMENTS[format].width - 1) ^ b[kept] >> (ELEMENTS[other].width - 1)
        assert np.array_equal(lane["negative"], signs)
        width = product_bits(format, other)
        mask = np.uint64(2**width - 1)
        magnitude = lane["magnitude"].astype(np.uint64)
        magnitude = np.where(signs == 1, magnitude ^ mask, magnitude)
        unit = ELEMENTS[format].unit + ELEMENTS[other].unit
        exact = np.ldexp(np.abs(wanted[number]), -unit).astype(np.uint64)
        assert np.array_equal(magnitude[number], exact)
        checked += len(wanted)
    assert checked == sum(2 ** (ELEMENTS[format].width + ELEMENTS[other].width) for other in others)


@pytest.mark.parametrize("format", ["nvfp4", "mxint8"])
def test_every_pair_through_the_lane_alone(format: str) -> None:
    """Products as signed numbers: the lane that figures are about, and the one of integers."""
    width = ELEMENTS[format].width
    bits = 2 * ELEMENTS[format].largest.bit_length() if format == "mxint8" else 9
    block = (
        BlockSum(lanes=1, weight=format, activation=format, width=bits, addend=False)
        if format == "mxint8"
        else ElementLane(a=format, b=format)
    )
    a, b = grid(2**width, 2**width)
    names = ("weights", "activations", "total") if format == "mxint8" else ("a", "b", "product")
    design = convert(block)
    found = evaluate(design.verilog, design.top, design.ports, {names[0]: a, names[1]: b})[names[2]]
    wanted = np.ldexp(mx.decode(a, format) * mx.decode(b, format), -2 * ELEMENTS[format].unit)
    assert len(found) == 4**width
    assert np.array_equal(signed(found, bits), wanted)


def block(format: str) -> tuple[MXDotConfig, Design]:
    config = of(format, lanes=ELEMENTS[format].block)
    return config, convert(block_sum(config))


EXTREMES = ["mxfp4", "nvfp4"]


@pytest.mark.parametrize(
    "format",
    [format if format in EXTREMES else pytest.param(format, marks=pytest.mark.slow) for format in ELEMENTS],
)
def test_extreme_block_sums_are_exact(format: str) -> None:
    """All elements at an extreme, either sign, and all but one: no bit to spare, and none too few."""
    config, design = block(format)
    size, width = config.block, ELEMENTS[format].width
    codes = np.arange(2**width)
    values = np.nan_to_num(mx.decode(codes, format), nan=0, posinf=0, neginf=0)
    low, high = int(values.argmin()), int(values.argmax())
    rows = [np.full(size, code) for code in (low, high, 0)]
    rows += [
        np.where(np.arange(size) == lane, other, low) for lane in (0, size - 1) for other in (high, 0, 1)
    ]
    one, other = grid(len(rows), len(rows))
    weights, activations = np.array(rows)[one], np.array(rows)[other]
    given = {"weights": packed(weights, width), "activations": packed(activations, width)}
    total = evaluate(design.verilog, design.top, design.ports, given)["total"]
    found = to_integers(total, config.block_bits, is_signed=True)
    unit = 2.0**-config.unit
    wanted = [
        sum(int(x * y * unit) for x, y in zip(values[first], values[second], strict=True))
        for first, second in zip(weights, activations, strict=True)
    ]
    assert found == wanted
    # The largest sum needs all bits but the sign; integers reach it only with −128 · −128.
    assert max(wanted) == size * config.weight.largest * config.activation.largest
    assert max(wanted).bit_length() == config.block_bits - 1


@pytest.mark.parametrize("first", ELEMENTS)
def test_widths_hold_the_extremes(first: str) -> None:
    for second in ELEMENTS:
        if (first == "nvfp4") != (second == "nvfp4"):
            continue
        both: dict[str, Any] = {"weight_format": first, "activation_format": second, "lanes": 1}
        config = MXDotConfig(**both)
        values = [
            int(np.nanmax(np.where(np.isinf(magnitudes), 0, magnitudes)) * 2.0 ** -ELEMENTS[name].unit)
            for name in (first, second)
            for magnitudes in [np.abs(mx.decode(np.arange(2 ** ELEMENTS[name].width), name))]
        ]
        largest = config.block * values[0] * values[1]
        assert largest < 2 ** (config.block_bits - 1) <= 2 * largest
        scale = 225 if first == "nvfp4" else 1
        assert largest * scale < 2 ** (config.scaled_bits - 1)
    assert of("nvfp4").block_bits == 13
    assert of("nvfp4").scaled_bits - 1 <= 24, "times both significands it would be exact in FP32"


@pytest.mark.parametrize("lanes", [4, pytest.param(16, marks=pytest.mark.slow)])
def test_the_mac_accumulates(lanes: int) -> None:
    mac = convert(ElementMac(lanes=lanes, weight="mxfp4", activation="mxfp4", sum_bits=16))
    rng = np.random.default_rng(5)
    weights, activations = (rng.integers(0, 16, (4000, lanes)) for _ in range(2))
    given = {"weights": packed(weights, 4), "activations": packed(activations, 4)}
    found = evaluate(mac.verilog, mac.top, mac.ports, given)["sum"].astype(np.int64)
    sums = (mx.decode(weights, "mxfp4") * mx.decode(activations, "mxfp4")).sum(axis=1) * 4
    assert np.array_equal(np.diff(found) % 2**16, sums[:-1] % 2**16)


def test_transistors() -> None:
    """Figures of others: 598 a MAC for exact FP4 at 16 lanes, 430 for a multiply lane of NVFP4."""
    assert area.flat(ElementMac(lanes=16, weight="mxfp4", activation="mxfp4", sum_bits=16)) <= 570 * 16
    assert area.flat(ElementLane(a="nvfp4", b="nvfp4")) <= 430


@pytest.mark.slow
def test_the_block_mac_adds_blocks() -> None:
    """The bare unit of the figures is golden's dot product, a block a cycle."""
    config = of("nvfp4", lanes=16)
    mac = convert(BlockMac(config))
    rng = np.random.default_rng(7)
    codes, scales = rng.integers(0, 16, (2, 2000, 16)), rng.integers(0, 127, (2, 2000))
    given = {
        "weights": packed(codes[0], 4),
        "activations": packed(codes[1], 4),
        "weight_scale": scales[0],
        "activation_scale": scales[1],
    }
    found = evaluate(mac.verilog, mac.top, mac.ports, given)["sum"].astype(np.uint32).view(np.float32)
    formats = {"weight_format": "nvfp4", "activation_format": "nvfp4"}
    each = dot(codes[0], codes[1], scales[0][:, None], scales[1][:, None], **formats).sums.view(np.float32)
    assert np.array_equal(found[1:], found[:-1] + each[:-1])
