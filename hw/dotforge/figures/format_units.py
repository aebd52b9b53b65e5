"""Dot-product units of today's small formats: the bare core, and its golden model on the same operands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dotforge_golden import log_dot, logmac, mx, mxdot, vsquant
from dotforge_golden.levels import Scaled, exponents, integers, logarithms, scale
from dotforge_golden.log_number import log_number
from dotforge_golden.quantise import bits_an_element, quantise, sqnr

from ..arithmetic.mac import MultiplyAccumulate
from ..block import Block
from ..engines.logmac.config import LogMacConfig
from ..engines.logmac.datapath import ShiftAddCore
from ..engines.logmac.log_bins import LogCore
from ..engines.mxdot.config import BlockFormat, MXDotConfig
from ..engines.mxdot.datapath import BlockMac
from ..engines.vsquant.config import VSQuantConfig
from ..engines.vsquant.datapath import VectorMac

__all__ = ["UNITS", "Encoded", "Unit"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """Pairs of vectors as a core takes them.

    Attributes
    ----------
    inputs : port → words, (pairs, beats, fields), and bits of a field
    elements : ports that hold elements, each with the words that are finite numbers
    weights : (pairs, K) numbers that the weights stand for
    sums : first beats → the core's sum over so many, (pairs,), modulo 2^64
    sum_bits : width of that
    products : (pairs,) dot products that golden gives, scaled back
    quantiser : how scales were chosen: of several ways, the one with the best dot products
    """

    inputs: dict[str, tuple[Integers, int]]
    elements: dict[str, Integers]
    weights: Floats
    sums: Callable[[int], Integers]
    sum_bits: int
    products: Floats
    quantiser: str


@dataclass(frozen=True)
class Unit:
    """A line of the table.

    Attributes
    ----------
    name : of the format
    lanes : products a cycle
    bits : stored bits an element, of weights and of activations
    core : makes the bare unit
    encode : activations and weights, (pairs, K) each → :class:`Encoded`
    """

    name: str
    lanes: int
    bits: tuple[float, float]
    core: Callable[[], Block]
    encode: Callable[[Floats, Floats], Encoded]


def _cut(words: NDArray[Any], fields: int) -> Integers:
    """(pairs, K) → (pairs, beats, fields)."""
    return words.astype(np.int64).reshape(len(words), -1, fields)


def _checked(sums: Integers, overflows: NDArray[np.bool_]) -> Integers:
    if overflows.any():
        raise ValueError(f"{np.count_nonzero(overflows)} sums overflow")
    return sums


def _integer(lanes: int, bits: int, sum_bits: int) -> Unit:
    def encode(a: Floats, b: Floats) -> Encoded:
        one, other = (scale(each, integers(bits), unit="least_error") for each in (a, b))
        terms = one.words * other.words
        words = np.arange(2**bits)
        return Encoded(
            {"a": (_cut(one.words, lanes), bits), "b": (_cut(other.words, lanes), bits)},
            {"a": words, "b": words},
            other.values(),
            lambda beats: terms[:, : beats * lanes].sum(axis=1),
            sum_bits,
            terms.sum(axis=1) * one.units * other.units,
            "one scale of least error",
        )

    core = partial(MultiplyAccumulate, lanes=lanes, a_bits=bits, b_bits=bits, sum_bits=sum_bits)
    return Unit(f"INT{bits}", lanes, (bits, bits), core, encode)


def _of_levels(
    one: Scaled, other: Scaled, sums: Callable[[int], Integers], *, lanes: int, sum_bits: int, unit: float
) -> Encoded:
    """Operands of the log-weight MAC: one scale each."""
    return Encoded(
        {
            "activations": (_cut(one.words, lanes), one.levels.bits),
            "weights": (_cut(other.words, lanes), other.levels.bits),
        },
        {"activations": one.levels.words, "weights": other.levels.words},
        other.values(),
        sums,
        sum_bits,
        sums(one.words.shape[1] // lanes) * unit * one.units * other.units,
        "one scale of least error",
    )


def _shift_add(lanes: int) -> Unit:
    config = LogMacConfig(lanes=lanes)
    code = logmac.weight_code("dally3")

    def encode(a: Floats, b: Floats) -> Encoded:
        one = scale(a, integers(4), unit="least_error")
        other = scale(b, exponents(code, "dally3"), unit="least_error")

        def sums(beats: int) -> Integers:
            cut = slice(0, beats * lanes)
            return _checked(
                *logmac.dot(
                    one.words[:, cut], other.words[:, cut], code=code, lanes=lanes, sum_bits=config.sum_bits
                )
            )

        return _of_levels(one, other, sums, lanes=lanes, sum_bits=config.sum_bits, unit=2.0**code.low)

    return Unit("shift-add", lanes, (code.bits, 4), lambda: ShiftAddCore(config), encode)


def _log(lanes: int, name: str, sum_bits: int, lookup_bits: int) -> Unit:
    config = LogMacConfig(
        lanes=lanes, weight_code=name, activation_code=name, sum_bits=sum_bits, lookup_bits=lookup_bits
    )
    number = log_number(name)

    def encode(a: Floats, b: Floats) -> Encoded:
        one, other = (scale(each, logarithms(number, name), unit="least_error") for each in (a, b))

        def sums(beats: int) -> Integers:
            cut = slice(0, beats * lanes)
            found = log_dot.dot(
                one.words[:, cut], other.words[:, cut], weight=number, activation=number, lanes=lanes,
                lookup_bits=lookup_bits, sum_bits=sum_bits,
            )  # fmt: skip
            return _checked(found.sums, found.overflows)

        return _of_levels(one, other, sums, lanes=lanes, sum_bits=sum_bits, unit=2.0 ** (1 - lookup_bits))

    short = f"L{number.integer_bits}.{number.fraction_bits}"
    return Unit(short, lanes, (number.bits, number.bits), lambda: LogCore(config.plan), encode)


def _vsquant(bits: int, vector: int, sum_bits: int, *, rounded: bool = True) -> Unit:
    kinds = ("weight", "activation")
    widths: dict[str, Any] = {f"{kind}_{what}": bits for kind in kinds for what in ("bits", "scale_bits")}
    config = VSQuantConfig(
        vector=vector, lanes=vector, sum_bits=sum_bits, scale_product_bits=bits if rounded else 0, **widths
    )

    def encode_with(a: Floats, b: Floats, clipping: str, unit: str) -> Encoded:
        one, other = (
            quantise(each, bits=bits, scale_bits=bits, vector=vector, clipping=clipping, unit=unit)
            for each in (a, b)
        )

        def sums(beats: int) -> Integers:
            cut, scales = slice(0, beats * vector), slice(0, beats)
            found = vsquant.dot(
                one.elements[:, cut], other.elements[:, cut], one.scales[:, scales], other.scales[:, scales],
                vector=vector, dropped=config.scale_position, rounding="half_up", sum_bits=sum_bits,
            )  # fmt: skip
            return _checked(found.sums, found.overflows)

        total = sums(a.shape[1] // vector) * 2.0**config.scale_position
        words = np.arange(2**bits)
        return Encoded(
            {
                "activations": (_cut(one.elements, vector), bits),
                "weights": (_cut(other.elements, vector), bits),
                "activation_scales": (_cut(one.scales, 1), bits),
                "weight_scales": (_cut(other.scales, 1), bits),
            },
            dict.fromkeys(("activations", "weights", "activation_scales", "weight_scales"), words),
            other.values(),
            sums,
            sum_bits,
            total * one.units * other.units,
            f"clipping={clipping}, unit={unit}",
        )

    def encode(a: Floats, b: Floats) -> Encoded:
        ways = [(clipping, unit) for clipping in ("max", "optimum") for unit in ("max", "least_error")]
        return _best(a, b, [encode_with(a, b, *way) for way in ways])

    stored = bits_an_element(bits, bits, vector)
    name = f"VS-Quant {bits}/{bits}{'' if rounded else ', full scale product'}"
    return Unit(name, vector, (stored, stored), lambda: VectorMac(config), encode)


def _best(a: Floats, b: Floats, found: Sequence[Encoded]) -> Encoded:
    """Return the operands whose dot products are nearest to the real ones."""
    wanted = (a * b).sum(axis=1)
    return max(found, key=lambda made: sqnr(wanted, made.products))


def _blocks(format: BlockFormat, title: str) -> Unit:
    lanes = mx.ELEMENTS[format].block
    config = MXDotConfig(weight_format=format, activation_format=format, lanes=lanes)

    def encode_with(a: Floats, b: Floats, rounding: str) -> Encoded:
        one, other = (mx.quantise(each, format=format, scale_rounding=rounding) for each in (a, b))

        def sums(beats: int) -> Integers:
            cut, scales = slice(0, beats * lanes), slice(0, beats)
            return mxdot.dot(
                other.elements[:, cut], one.elements[:, cut], other.scales[:, scales], one.scales[:, scales],
                weight_format=format, activation_format=format,
            ).sums.astype(np.int64)  # fmt: skip

        total = sums(a.shape[1] // lanes).astype(np.uint32).view(np.float32).astype(np.float64)
        words = np.arange(2 ** mx.ELEMENTS[format].bits)
        words = words[np.isfinite(mx.decode(words, format))]
        width = mx.ELEMENTS[format].bits
        return Encoded(
            {
                "activations": (_cut(one.elements, lanes), width),
                "weights": (_cut(other.elements, lanes), width),
                "activation_scale": (_cut(one.scales, 1), config.scale_bits),
                "weight_scale": (_cut(other.scales, 1), config.scale_bits),
            },
            {"activations": words, "weights": words},
            other.values(),
            sums,
            32,
            total * one.units * other.units,
            f"scales rounded {rounding}",
        )

    def encode(a: Floats, b: Floats) -> Encoded:
        return _best(a, b, [encode_with(a, b, rounding) for rounding in ("floor", "even", "ceil")])

    stored = mx.bits_an_element(format)
    return Unit(title, lanes, (stored, stored), lambda: BlockMac(config), encode)


#: Lines of the table: the formats, one vector or block a cycle, 16 lanes where there is none, and integers at the
#: widths of the others, to compare with.
UNITS: Sequence[Unit] = (
    *(_integer(lanes, 8, 32) for lanes in (16, 32, 64)),
    *(_integer(lanes, 4, 24) for lanes in (16, 32, 64)),
    _shift_add(16),
    _log(16, "log:2:2", 24, 5),
    _log(16, "log:4:3", 48, 8),
    *(_vsquant(4, vector, 24) for vector in (16, 32, 64)),
    *(_vsquant(4, vector, 24, rounded=False) for vector in (16, 32, 64)),
    _blocks("mxfp4", "MXFP4"),
    _blocks("nvfp4", "NVFP4"),
    _blocks("mxfp8_e4m3", "MXFP8 E4M3"),
    _blocks("mxfp8_e5m2", "MXFP8 E5M2"),
    *(_vsquant(8, vector, 32) for vector in (16, 32, 64)),
)
