"""Block formats and their quantisers: OCP Microscaling and NVFP4.

Sources: OCP Microscaling Formats (MX) Specification 1.0, sections 5 (formats), 6.3 (conversion from vectors of
scalars); NVFP4 as NVIDIA describes it: E2M1 elements in blocks of 16, an E4M3 scale each, an FP32 scale for the
tensor, chosen so that the largest scale is E4M3's largest number.

An absolute maximum is never cast to E8M0: that would round to the nearest power of two, where the specification
takes the exponent of the largest power of two that is not above it.
"""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .formats import FloatFormat

__all__ = [
    "ELEMENTS",
    "SCALE_ROUNDINGS",
    "Blocks",
    "Element",
    "bits_an_element",
    "decode",
    "decode_scales",
    "encode_elements",
    "quantise",
    "tensor_units",
]

#: How a block's scale is rounded; ``standard`` is ``floor`` for MX (specification, 6.3) and ``even`` for NVFP4.
SCALE_ROUNDINGS = ("standard", "floor", "ceil", "even")

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Element:
    """An element format.

    Attributes
    ----------
    bits : of a code
    fraction_bits : of a significand, hidden bit not counted
    largest : largest magnitude that a quantiser gives
    largest_exponent : power of two of its leading bit
    unit : power of two of the smallest number above zero
    dtype : of ml_dtypes, for decoding; ``None`` for INT8
    float : for rounding; ``None`` for INT8
    block : elements that share a scale
    scale : ``e8m0`` or ``e4m3``
    """

    bits: int
    fraction_bits: int
    largest: float
    largest_exponent: int
    unit: int
    dtype: type | None = None
    float: FloatFormat | None = None
    block: int = 32
    scale: str = "e8m0"


_E2M1 = FloatFormat("FP4_E2M1", 2, 1, "none")
_E4M3 = FloatFormat("FP8_E4M3", 4, 3, "nan")

#: name → element (specification, table 1)
ELEMENTS = {
    "mxint8": Element(8, 6, 127 / 64, 0, -6),
    "mxfp8_e4m3": Element(8, 3, 448.0, 8, -9, ml_dtypes.float8_e4m3fn, _E4M3),
    "mxfp8_e5m2": Element(8, 2, 57344.0, 15, -16, ml_dtypes.float8_e5m2, FloatFormat("FP8_E5M2", 5, 2)),
    "mxfp6_e3m2": Element(6, 2, 28.0, 4, -4, ml_dtypes.float6_e3m2fn, FloatFormat("FP6_E3M2", 3, 2, "none")),
    "mxfp6_e2m3": Element(6, 3, 7.5, 2, -3, ml_dtypes.float6_e2m3fn, FloatFormat("FP6_E2M3", 2, 3, "none")),
    "mxfp4": Element(4, 1, 6.0, 2, -1, ml_dtypes.float4_e2m1fn, _E2M1),
    "nvfp4": Element(4, 1, 6.0, 2, -1, ml_dtypes.float4_e2m1fn, _E2M1, 16, "e4m3"),
}


@dataclass(frozen=True)
class Blocks:
    """A matrix in a block format.

    Attributes
    ----------
    elements : codes, uint8 (rows, K)
    scales : codes of E8M0, or of E4M3 without a sign, uint8 (rows, ceil(K / block))
    units : (rows,), the scale of the tensor, float32 numbers, all alike where it is one; 1 for MX. Of a library that
        keeps its reciprocal, float64
    format : key of :data:`ELEMENTS`
    """

    elements: Codes
    scales: Codes
    units: NDArray[np.float32] | NDArray[np.float64]
    format: str

    def values(self) -> NDArray[np.float64]:
        """Return the matrix that this stands for."""
        scales = np.repeat(decode_scales(self.scales, self.format), ELEMENTS[self.format].block, axis=1)
        scaled = decode(self.elements, self.format) * scales[:, : self.elements.shape[1]]
        return scaled * self.units.astype(np.float64)[:, None]


def decode(codes: ArrayLike, format: str) -> NDArray[np.float64]:
    """Values of element codes.

    Parameters
    ----------
    codes : unsigned 8-bit words
    format : key of :data:`ELEMENTS`
    """
    element, codes = ELEMENTS[format], np.ascontiguousarray(codes, np.uint8)
    if element.dtype is None:
        return codes.view(np.int8) / 64.0
    return codes.view(element.dtype).astype(np.float64)


def decode_scales(codes: ArrayLike, format: str) -> NDArray[np.float64]:
    """Values of scale codes; 0xFF of E8M0 and 0x7F of E4M3 are NaN.

    Parameters
    ----------
    codes : unsigned 8-bit words
    format : key of :data:`ELEMENTS`
    """
    codes = np.ascontiguousarray(codes, np.uint8)
    if ELEMENTS[format].scale == "e4m3":
        return _E4M3.decode(codes)
    return np.where(codes == 255, np.nan, np.ldexp(1.0, codes.astype(np.int64) - 127))


def bits_an_element(format: str) -> float:
    """Return stored bits an element, the block's scale of 8 bits shared out."""
    return ELEMENTS[format].bits + 8 / ELEMENTS[format].block


def quantise(
    values: ArrayLike,
    *,
    format: str,
    scale_rounding: str = "standard",
    per_row: bool = False,
    unit: float | None = None,
) -> Blocks:
    """Quantise a matrix; elements round to nearest, ties to even, and saturate.

    Parameters
    ----------
    values : (rows, K), blocks lie along K, the last one may be short. A block that holds NaN or an infinity gets
        the scale NaN
    format : key of :data:`ELEMENTS`
    scale_rounding : one of :data:`SCALE_ROUNDINGS`. E8M0, with m the largest magnitude of a block and e the
        exponent of the largest element: ``floor``, 2^(⌊log2 m⌋ − e), which saturates elements in the top binade;
        ``ceil``, the smallest power of two with which nothing saturates; ``even``, that of ``floor`` after m
        was rounded to an element's precision, ties to even: only what is nearer to the largest element than to the
        next power of two saturates (and MXFP8 E4M3 from 448 on, whose next number, 480, is taken by NaN).
        E4M3, with m / (largest element · unit): rounded down, up, or to nearest
    per_row : NVFP4: a unit for every row, not one for the matrix
    unit : NVFP4: this one, as found by calibration; blocks too large for it are clipped

    Raises
    ------
    ValueError
        ``scale_rounding`` is none of :data:`SCALE_ROUNDINGS`.
    KeyError
        ``format`` is no key of :data:`ELEMENTS`.
    """
    if scale_rounding not in SCALE_ROUNDINGS:
        raise ValueError(f"scale_rounding is one of {', '.join(SCALE_ROUNDINGS)}, not {scale_rounding}")
    element = ELEMENTS[format]
    matrix = np.asarray(values, np.float64)
    rows, width = matrix.shape
    count = -(-width // element.block)
    cut = np.pad(matrix, ((0, 0), (0, count * element.block - width))).reshape(rows, count, -1)
    good = np.asarray(np.isfinite(cut).all(axis=-1, keepdims=True))
    bad, cut = ~good[..., 0], np.where(good, cut, 0)
    largest = np.abs(cut).max(axis=-1)
    units = np.ones(rows, np.float32)
    if element.scale == "e8m0":
        rounding = "floor" if scale_rounding == "standard" else scale_rounding
        codes = _power_codes(largest, element, rounding)
        codes, steps = np.where(bad, 255, codes), np.ldexp(1.0, codes.astype(np.int64) - 127)
    else:
        units = tensor_units(largest, element.largest * 448, per_row=per_row, unit=unit)
        rounding = "even" if scale_rounding == "standard" else scale_rounding
        exact = units.astype(np.float64)[:, None]
        codes = _small_float_codes(largest / (element.largest * exact), rounding)
        codes, steps = np.where(bad, 0x7F, codes), _E4M3.decode(codes) * exact
    elements = encode_elements(cut, steps, element)
    return Blocks(elements.reshape(rows, -1)[:, :width], codes.astype(np.uint8), units, format)


def encode_elements(cut: NDArray[np.float64], steps: NDArray[np.float64], element: Element) -> Codes:
    """Codes of the nearest elements, ties to even, saturating.

    Parameters
    ----------
    cut : (rows, blocks, elements of a block)
    steps : (rows, blocks), what a block's scale stands for; where it is 0 elements are
    element : the format
    """
    ratios = np.divide(cut, steps[..., None], out=np.zeros_like(cut), where=steps[..., None] > 0)
    if element.float is None:
        return np.clip(np.rint(ratios * 64), -127, 127).astype(np.int8).view(np.uint8)
    return element.float.encode(ratios, saturate=True).astype(np.uint8)


def tensor_units(
    largest: NDArray[np.float64], target: float, *, per_row: bool, unit: float | None
) -> NDArray[np.float32]:
    """FP32 scales of rows: of the tensor, of each row, or given.

    Parameters
    ----------
    largest : largest magnitudes, (rows, blocks)
    target : what the largest one of a tensor becomes
    per_row : a scale for every row
    unit : the given one

    Raises
    ------
    ValueError
        The given one is no normal FP32 number above 0, or rows are to have their own.
    """
    rows = len(largest)
    if unit is None:
        whole = largest.max(axis=1, initial=0) if per_row else np.full(rows, largest.max(initial=0))
        return _tensor_scales(whole, target)
    limits = np.finfo(np.float32)
    if per_row or not float(limits.tiny) <= unit <= float(limits.max):
        raise ValueError(f"unit is a normal FP32 number above 0 for the whole matrix, not {unit}")
    return np.full(rows, unit, np.float32)


def _tensor_scales(whole: NDArray[np.float64], largest: float) -> NDArray[np.float32]:
    """FP32 scales that put the largest magnitude at ``largest``; 1 for a tensor of zeros.

    Rounded down, so that the largest scale of a block is E4M3's largest number however those are rounded. Below the
    normal numbers that could halve the scale, and clip the largest element: there they round up.
    """
    wanted = np.minimum(whole / largest, np.finfo(np.float32).max)  # beyond that elements are clipped
    near = wanted.astype(np.float32)
    low = np.where(near.astype(np.float64) * largest > whole, np.nextafter(near, np.float32(0)), near)
    up = (wanted < np.finfo(np.float32).tiny) & (low < wanted)
    units = np.where(up, np.nextafter(np.where(up, low, np.float32(0)), np.float32(1)), low)
    return np.where(whole > 0, units, np.float32(1)).astype(np.float32)


def _power_codes(largest: NDArray[np.float64], element: Element, rounding: str) -> Codes:
    """E8M0 codes for blocks of these magnitudes; that of a block of zeros is 1.0."""
    _, exponent = np.frexp(largest)  # largest = f · 2^exponent, f in [0.5, 1)
    exponent = exponent.astype(np.int64) - 1
    if rounding == "even":
        rounded = np.rint(np.ldexp(largest, element.fraction_bits - exponent))
        exponent += rounded >= 2 << element.fraction_bits
    shared = exponent - element.largest_exponent
    if rounding == "ceil":
        shared += largest > np.ldexp(element.largest, shared)
    return np.where(largest > 0, np.clip(shared, -127, 127) + 127, 127).astype(np.uint8)


def _small_float_codes(wanted: NDArray[np.float64], rounding: str) -> Codes:
    """E4M3 codes of scales, rounded; what is too large saturates."""
    codes = _E4M3.encode(wanted, saturate=True).astype(np.int64)
    found = _E4M3.decode(codes)
    if rounding == "floor":
        codes = codes - (found > wanted)  # codes of positive numbers are in order
    elif rounding == "ceil":
        codes = np.minimum(codes + (found < wanted), _E4M3.largest)
    return codes.astype(np.uint8)
