"""How libraries quantise to block formats: their rules as data, so that their bits can be had.

The OCP specification leaves open how scales are found (6.3 only gives one way), how ties round, and what a block of
zeros has for a scale; libraries fill that in differently, and most compute in float32. Each rule below says what one
of them does (read from its source, and compared with it block by block: ``docs/interchange.md``):

- torchao: ``to_mx`` with ``ScaleCalculationMode`` FLOOR, CEIL, RCEIL or EVEN, and ``nvfp4_quantize`` with
  ``per_tensor_amax_to_scale``;
- microxcaling: ``quantize_mx_op`` with its default rounding, ``nearest``;
- ModelOpt: ``MXFP4QTensor``, ``MXFP8QTensor`` and ``NVFP4QTensor``;
- compressed-tensors: ``calculate_qparams``, ``generate_gparam`` and ``quantize``;
- gfloat: ``quantize_block`` with ``compute_scale_amax``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .mx import ELEMENTS, Blocks, Codes, Element, decode, quantise

__all__ = ["RULES", "ScaleRule", "TensorRule", "formats_of", "quantise_by"]

_MX = ("mxint8", "mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3", "mxfp4")
_FLOATS = _MX[1:]

Floats = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class TensorRule:
    """How NVFP4's two levels of scales are found, in float32; L is E2M1's largest number, 6.

    Attributes
    ----------
    unit : ``quotient``, largest magnitude / (448 · L); or ``reciprocal``: the unit is kept as its reciprocal
        g = 448 · L · (1 / largest magnitude), two roundings, as PyTorch divides a number by a tensor
    block_scale : of a block of largest magnitude m before it rounds to E4M3, in the order of operations:
        ``m/L/unit``, ``m/(L*unit)`` or ``g*(m/L)``
    least : block scales are clamped to this from below
    zero : E4M3's number that stands for a scale of zero: before clamping, ``None`` leaves it
    rounds_first : zero stands for what rounds to zero, not for what is zero
    element : how x is scaled by a block's scale s: ``x*((1/unit)/s)``, ``x/(s*unit)`` or ``x/(s/g)``
    negative_zero : whether an element that rounds to zero keeps its sign: ``all``, ``nonzero`` (zero itself is +0)
    """

    unit: str
    block_scale: str
    least: float
    zero: float | None
    rounds_first: bool
    element: str
    negative_zero: str


@dataclass(frozen=True)
class ScaleRule:
    """How a library quantises to block formats.

    Attributes
    ----------
    name : that options have
    formats : that the library has of those with E8M0 scales
    arithmetic : ``float32``, or ``float64`` where the library computes in the type that it is given
    scale : exponent of a block's scale, with m its largest magnitude and e that of the largest element: ``floor``,
        ⌊log2 m⌋ − e; ``log2``, the same with a logarithm that is rounded to float32, which lifts m just below a power
        of two, and is NaN (byte 255) above 127; ``ceil``, ⌈log2 m⌉ − e; ``ratio``, ⌈log2(m / largest element)⌉,
        both operations rounded to float32; ``rounded``, as ``floor`` after half a unit of ``kept_bits`` was added to m
    kept_bits : fraction bits for ``rounded``; format → bits, those of the element where it names none
    zero_byte : scale of a block of zeros
    zero_divisor : what elements are divided by where a scale's byte is 0
    ties : how elements round half-way: ``even``, ``away`` (as ⌊x + 1/2⌋ in float32, which also lifts the number just
        below half of the smallest one) or ``toward_zero``; format → way, ``even`` where it names none
    zeros : sign of elements that are zero once scaled: ``signed``, ``positive`` (of what is zero before it rounds) or
        ``negative``; format → way
    beyond : scale's byte where ``rounded`` lifts m out of float32; elements of such a block are zero. ``None``: as ever
    lowest_integer : least code of INT8
    tensor : for NVFP4, ``None`` where the library has none
    """

    name: str
    formats: tuple[str, ...]
    scale: str
    arithmetic: str = "float32"
    kept_bits: Mapping[str, int] = field(default_factory=dict)
    zero_byte: int = 0
    zero_divisor: float = 2.0**-127
    ties: Mapping[str, str] = field(default_factory=dict)
    zeros: Mapping[str, str] = field(default_factory=dict)
    beyond: int | None = None
    lowest_integer: int = -127
    tensor: TensorRule | None = None


_TORCHAO_NVFP4 = TensorRule(
    unit="quotient",
    block_scale="m/L/unit",
    least=2.0**-6,
    zero=None,
    rounds_first=False,
    element="x*((1/unit)/s)",
    negative_zero="all",
)


def _torchao(name: str, scale: str, zero_divisor: float) -> ScaleRule:
    return ScaleRule(f"torchao-{name}", _FLOATS, scale, zero_divisor=zero_divisor, tensor=_TORCHAO_NVFP4)


#: name → rule; ``ocp`` is :func:`dotforge_golden.mx.quantise`, whose arithmetic is exact
RULES: dict[str, ScaleRule | None] = {
    "ocp": None,
    **{
        rule.name: rule
        for rule in (
            _torchao("floor", "floor", 2.0**-126),
            _torchao("ceil", "ceil", 2.0**-126),
            _torchao("rceil", "ratio", 1.0),
            _torchao("even", "rounded", 2.0**-126),
            ScaleRule(
                "microxcaling",
                _MX,
                "log2",
                ties=dict.fromkeys(_MX, "away"),
                zeros=dict.fromkeys(_MX, "positive"),
            ),
            ScaleRule(
                "modelopt",
                ("mxfp8_e4m3", "mxfp4"),
                "ratio",
                ties={"mxfp4": "toward_zero"},
                zeros={"mxfp4": "negative"},
                tensor=TensorRule(
                    unit="quotient",
                    block_scale="m/(L*unit)",
                    least=2.0**-9,
                    zero=1.0,
                    rounds_first=False,
                    element="x/(s*unit)",
                    negative_zero="nonzero",
                ),
            ),
            ScaleRule(
                "compressed-tensors",
                ("mxfp8_e4m3", "mxfp6_e2m3", "mxfp4"),
                "rounded",
                kept_bits={"mxfp8_e4m3": 1},
                zeros={"mxfp4": "positive"},
                beyond=127,
                tensor=TensorRule(
                    unit="reciprocal",
                    block_scale="g*(m/L)",
                    least=0.0,
                    zero=0.125,
                    rounds_first=True,
                    element="x/(s/g)",
                    negative_zero="nonzero",
                ),
            ),
            ScaleRule("gfloat", _MX, "floor", arithmetic="float64", lowest_integer=-128),
        )
    },
}


def formats_of(rule: str) -> tuple[str, ...]:
    """Return the formats that a rule holds for.

    Parameters
    ----------
    rule : key of :data:`RULES`
    """
    found = RULES[rule]
    if found is None:
        return tuple(ELEMENTS)
    return found.formats + (("nvfp4",) if found.tensor else ())


def quantise_by(values: ArrayLike, *, format: str, rule: str, unit: float | None = None) -> Blocks:
    """Quantise a matrix as a library does.

    Parameters
    ----------
    values : (rows, K), finite; rounded to float32 where the rule computes in that
    format : key of :data:`dotforge_golden.mx.ELEMENTS`
    rule : key of :data:`RULES`
    unit : of NVFP4, given (as calibrated) and not found from the values

    Raises
    ------
    ValueError
        The library does not have the format.
    """
    if format not in formats_of(rule):
        raise ValueError(f"rule {rule} has {', '.join(formats_of(rule))}, not {format}")
    found = RULES[rule]
    if found is None:
        return quantise(values, format=format, unit=unit)
    element = ELEMENTS[format]
    with np.errstate(all="ignore"):
        matrix = np.asarray(values, np.float64).astype(found.arithmetic)
        rows, width = matrix.shape
        count = -(-width // element.block)
        cut = np.pad(matrix, ((0, 0), (0, count * element.block - width))).reshape(rows, count, -1)
        largest = np.abs(cut).max(axis=-1)
        if format == "nvfp4":
            assert found.tensor is not None
            scales, units, elements = _two_levels(cut, largest, found.tensor, unit)
        else:
            scales = _bytes(largest, found, element, format)
            units = np.ones(rows)
            steps = np.ldexp(np.ones_like(largest), scales.astype(np.int64) - 127)
            steps = np.where(scales == 0, found.zero_divisor, steps).astype(cut.dtype)
            scaled = cut / steps[..., None]
            elements = _codes(scaled, element, found, format)
            if found.beyond is not None:
                lost = _lifted(largest, found, element, format) >= 2.0**128
                signs = _codes(np.copysign(np.zeros_like(cut), cut), element, found, format)
                scales = np.where(lost, found.beyond, scales)
                elements = np.where(lost[..., None], signs, elements)
    return Blocks(
        elements.reshape(rows, -1)[:, :width].astype(np.uint8), scales.astype(np.uint8), units, format
    )


def _log2(values: Floats) -> NDArray[Any]:
    """Logarithm rounded once to the type of the values."""
    return np.log2(values.astype(np.float64)).astype(values.dtype)


def _bytes(largest: Floats, rule: ScaleRule, element: Element, format: str) -> Codes:
    """E8M0 codes of blocks of these largest magnitudes."""
    exact = largest.astype(np.float64)
    exponent = np.frexp(exact)[1].astype(np.int64) - 1
    if rule.scale == "log2":
        exponent = np.floor(_log2(np.where(largest > 0, largest, 1))).astype(np.int64)
    elif rule.scale == "ceil":
        exponent = exponent + (exact > np.ldexp(1.0, exponent))
    elif rule.scale == "rounded":
        exponent = np.frexp(_lifted(largest, rule, element, format))[1].astype(np.int64) - 1
    if rule.scale == "ratio":
        ratio = largest / largest.dtype.type(element.largest)
        shared = np.ceil(_log2(np.where(ratio > 0, ratio, 1))).astype(np.int64)
        shared = np.where(ratio > 0, shared, -127)
    else:
        shared = exponent - element.largest_exponent
    most = 128 if rule.scale == "log2" else 127
    return np.where(largest > 0, np.clip(shared, -127, most) + 127, rule.zero_byte).astype(np.uint8)


def _lifted(largest: Floats, rule: ScaleRule, element: Element, format: str) -> NDArray[np.float64]:
    """Largest magnitudes with half a unit of the kept fraction added."""
    exact = largest.astype(np.float64)
    exponent = np.frexp(exact)[1].astype(np.int64) - 1
    kept = rule.kept_bits.get(format, element.fraction_bits)
    return exact + np.ldexp(0.5, exponent - kept)


def _codes(scaled: Floats, element: Element, rule: ScaleRule, format: str) -> NDArray[np.int64]:
    """Element codes of scaled numbers."""
    ties = rule.ties.get(format, "even")
    exact = scaled.astype(np.float64)
    if element.float is None:
        counted = exact * 64
        away = np.copysign(np.floor(np.abs(counted).astype(np.float32) + np.float32(0.5)), counted)
        rounded = np.rint(counted) if ties == "even" else away
        return np.clip(rounded, rule.lowest_integer, 127).astype(np.int64) & 255
    magnitude = _rounded(np.abs(exact), element, ties)
    code = magnitude.astype(np.int64)
    sign = np.signbit(exact)
    way = rule.zeros.get(format, "signed")
    if way == "negative":
        sign = sign | (exact == 0)
    elif way == "positive":
        sign = sign & (exact != 0)
    return code | sign.astype(np.int64) << (element.bits - 1)


def _rounded(magnitude: NDArray[np.float64], element: Element, ties: str) -> NDArray[np.int64]:
    """Codes of the nearest numbers without a sign; what is too large saturates."""
    assert element.float is not None
    codes = np.arange(1 << element.bits - 1)
    levels = decode(codes.astype(np.uint8), _name(element))
    good = np.isfinite(levels)
    codes, levels = codes[good], levels[good]
    middles = (levels[1:] + levels[:-1]) / 2  # exact: one bit more than an element
    up = np.searchsorted(middles, magnitude, side="right")  # a tie counts as above
    down = np.searchsorted(middles, magnitude, side="left")
    if ties == "away":
        middles[0] *= 1 - 2.0**-24
        chosen = up = down = np.searchsorted(middles, magnitude, side="right")
    elif ties == "toward_zero":
        chosen = down
    else:
        chosen = np.where(codes[down] % 2 == 0, down, up)
    return codes[np.where(up == down, up, chosen)]


def _name(element: Element) -> str:
    return next(name for name, each in ELEMENTS.items() if each.dtype is element.dtype)


def _two_levels(
    cut: Floats, largest: Floats, rule: TensorRule, given: float | None
) -> tuple[Codes, NDArray[np.float64], NDArray[np.int64]]:
    """Scales, units and element codes of NVFP4, every operation rounded to float32."""
    single = np.float32
    top = largest.max(initial=0).astype(single)
    six, whole = single(6), single(2688)
    if rule.unit == "reciprocal":
        reciprocal = (
            whole * (single(1) / max(top, np.finfo(single).tiny)) if given is None else single(1 / given)
        )
        if not np.isfinite(reciprocal):
            reciprocal = single(1)
        unit = 1 / float(reciprocal)
        scales = reciprocal * (largest / six)
    else:
        unit_single = (top / whole if top else single(1)) if given is None else single(given)
        unit = float(unit_single)
        scales = (
            largest / six / unit_single if rule.block_scale == "m/L/unit" else largest / (six * unit_single)
        )
        reciprocal = single(1) / unit_single
    if rule.zero is not None and not rule.rounds_first:
        scales = np.where(scales == 0, single(rule.zero), scales)
    clamped = np.clip(scales, rule.least, 448).astype(np.float64)
    nearest = ELEMENTS["mxfp8_e4m3"]
    codes = _rounded(clamped, nearest, "even")
    if rule.zero is not None and rule.rounds_first:
        codes = np.where(codes == 0, int(_rounded(np.array([rule.zero]), nearest, "even")[0]), codes)
    steps = decode(codes.astype(np.uint8), "mxfp8_e4m3").astype(single)[..., None]
    if rule.element == "x*((1/unit)/s)":
        scaled = cut * (reciprocal / steps)
    elif rule.element == "x/(s*unit)":
        scaled = cut / (steps * single(unit))
    else:
        scaled = cut / (steps / reciprocal)
    exact = scaled.astype(np.float64)
    magnitude = _rounded(np.abs(exact), ELEMENTS["nvfp4"], "even")
    sign = np.signbit(exact) if rule.negative_zero == "all" else exact < 0
    units = np.full(len(cut), unit)
    return codes.astype(np.uint8), units, magnitude | sign.astype(np.int64) << 3
