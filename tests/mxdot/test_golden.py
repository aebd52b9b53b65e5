"""Golden block formats: codes, shared scales, exact block sums."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from dotforge_golden.mx import ELEMENTS, SCALE_ROUNDINGS, decode, decode_scales, quantise
from dotforge_golden.mxdot import NAN, block_sums, dot

MX = [name for name in ELEMENTS if name != "nvfp4"]


@pytest.mark.parametrize("format", ELEMENTS)
def test_every_code_makes_a_round_trip(format: str) -> None:
    """Beside the largest number, so that the scale is known, every number comes back as its code."""
    element = ELEMENTS[format]
    codes = np.arange(2**element.bits, dtype=np.uint8)
    values = decode(codes, format)
    kept = np.isfinite(values) & (np.abs(values) <= element.largest)
    assert np.count_nonzero(~kept) == {"mxfp8_e4m3": 2, "mxfp8_e5m2": 8, "mxint8": 1}.get(format, 0)
    codes, values = codes[kept], values[kept]
    matrix = np.full((len(codes), 2), element.largest)
    matrix[:, 0] = values
    matrix *= 448 if format == "nvfp4" else 1  # so that the unit is 1
    for rounding in SCALE_ROUNDINGS:
        blocks = quantise(matrix, format=format, scale_rounding=rounding)
        assert np.array_equal(blocks.values(), matrix)
        if format == "nvfp4":
            assert (blocks.scales == 0x7E).all()
            assert (blocks.units == 1).all()
        assert np.array_equal(blocks.elements[:, 0], codes)


@pytest.mark.parametrize("format", [name for name, each in ELEMENTS.items() if each.float])
def test_elements_round_as_ml_dtypes_does(format: str) -> None:
    element = ELEMENTS[format]
    assert element.float is not None
    assert element.dtype is not None
    rng = np.random.default_rng(1)
    values = rng.normal(size=5000) * element.largest / 5
    values = values[np.abs(values) <= element.largest].astype(np.float32)
    codes = values.astype(element.dtype).view(np.uint8)
    assert np.array_equal(element.float.encode(values), codes)


def test_element_table() -> None:
    """Table 1 of the specification, by what ml_dtypes says of its types."""
    for element in ELEMENTS.values():
        if element.dtype is not None:
            info = ml_dtypes.finfo(element.dtype)
            assert float(info.max) == element.largest
            assert float(info.smallest_subnormal) == 2.0**element.unit
            assert np.floor(np.log2(element.largest)) == element.largest_exponent


@pytest.mark.parametrize("format", MX)
@pytest.mark.parametrize("exponent", [-100, -3, 0, 17])
def test_shared_scales(format: str, exponent: int) -> None:
    """Largest magnitudes through a whole binade, ties among them."""
    element = ELEMENTS[format]
    largest = np.ldexp(1 + np.arange(256) / 256, exponent)
    found = {
        rounding: np.log2(
            decode_scales(
                quantise(largest[:, None], format=format, scale_rounding=rounding).scales[:, 0], format
            )
        )
        for rounding in ("floor", "ceil", "even")
    }
    base = exponent - element.largest_exponent
    assert (found["floor"] == base).all()
    assert np.array_equal(found["ceil"] - base, largest > element.largest * 2.0**base)
    step = 2.0 ** -(element.fraction_bits + 1)
    assert np.array_equal(found["even"] - base, largest * 2.0**-exponent >= 2 - step)
    assert (found["even"] <= found["ceil"]).all() or format == "mxfp8_e4m3"


def test_the_maximum_is_not_cast_to_a_power_of_two() -> None:
    """The cast rounds 1.5 · 2^k to 2^(k + 1); the specification takes 2^k."""
    for largest in (1.5, 1.75, 3.0):
        cast = float(np.float32(largest).astype(ml_dtypes.float8_e8m0fnu))
        scale = decode_scales(quantise([[largest]], format="mxint8").scales, "mxint8")[0, 0]
        assert scale == 2.0 ** np.floor(np.log2(largest)) == cast / 2


def test_corners_of_quantisers() -> None:
    zero = quantise(np.zeros((2, 40)), format="mxfp4")
    assert (zero.scales == 127).all()
    assert not zero.elements.any()
    bad = quantise([[1.0, np.nan], [np.inf, 1.0], [1.0, 2.0]], format="mxfp8_e4m3")
    assert list(bad.scales[:, 0]) == [255, 255, 127 + 1 - 8]
    tiny, huge = quantise([[1e-300, 1e300]], format="mxint8"), quantise([[2.0**-127]], format="mxint8")
    assert list(tiny.scales[0]) == [254]
    assert list(huge.scales[0]) == [0]
    assert not quantise(np.zeros((1, 3)), format="nvfp4").values().any()
    with pytest.raises(ValueError, match="scale_rounding is one of standard, floor, ceil, even, not up"):
        quantise([[1.0]], format="mxfp4", scale_rounding="up")


def test_nvfp4_scales() -> None:
    """The largest scale is E4M3's largest number; others are rounded as told."""
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(8, 70)) * np.exp(rng.normal(size=(8, 1)))
    exact = np.abs(np.pad(matrix, ((0, 0), (0, 10))).reshape(8, 5, 16)).max(axis=2)
    for per_row in (False, True):
        found = {
            name: quantise(matrix, format="nvfp4", scale_rounding=name, per_row=per_row)
            for name in ("floor", "ceil", "even", "standard")
        }
        units = found["even"].units
        assert units.dtype == np.float32
        assert (
            (found["even"].scales.max(axis=1) == 0x7E).all()
            if per_row
            else found["even"].scales.max() == 0x7E
        )
        scales = {name: decode_scales(each.scales, "nvfp4") for name, each in found.items()}
        wanted = exact / (6 * units[:, None].astype(np.float64))
        assert (scales["floor"] <= wanted).all()
        assert (scales["ceil"] >= np.minimum(wanted, 448)).all()
        assert np.array_equal(scales["standard"], scales["even"])
        assert np.array_equal(np.minimum(wanted, 448).astype(ml_dtypes.float8_e4m3fn), scales["even"])


def test_block_sums_are_exact() -> None:
    """Against rational numbers; E5M2 needs more bits than float64 has, and rounds to FP32 as if it had them."""
    rng = np.random.default_rng(3)
    for format in ("mxfp8_e5m2", "mxfp8_e4m3", "mxint8"):
        codes = rng.integers(0, 256, (2, 40, 32)).astype(np.uint8)
        codes = np.where(np.isfinite(decode(codes, format)), codes, 0)
        values = decode(codes, format)
        found = block_sums(codes[0], codes[1], format, format)
        for row in range(40):
            exact = sum(Fraction(x) * Fraction(y) for x, y in zip(*values[:, row], strict=True))
            below, above = np.nextafter(found[row], -np.inf), np.nextafter(found[row], np.inf)
            assert below < exact < above
            assert format == "mxfp8_e5m2" or found[row] == exact


def test_specials() -> None:
    inf, nan, zero, one = 0x7C, 0x7D, 0, 0x3C
    cases = {(inf, one): np.inf, (inf | 0x80, one): -np.inf, (inf, zero): np.nan, (nan, one): np.nan}
    for (first, second), wanted in cases.items():
        found = block_sums([first, one], [second, one], "mxfp8_e5m2", "mxfp8_e5m2")
        assert np.array_equal(found, wanted, equal_nan=True)
    both = block_sums([inf, inf], [one, one | 0x80], "mxfp8_e5m2", "mxfp8_e5m2")
    assert np.isnan(both)
    one_block = {"weight_format": "mxfp4", "activation_format": "mxfp4"}
    assert dot([0], [0], [255], [0], **one_block).sums == NAN
    assert dot([2], [2], [254], [254], **one_block).sums == 0x7F800000
    assert dot([2], [10], [0], [0], **one_block).sums == 0  # −0 added to +0
