# amaranth: UnusedElaboratable=no
"""The table of formats, and the golden encodings against NumPy and ml_dtypes."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from amaranth.hdl import Fragment

from dotforge.arithmetic import units
from dotforge.formats import table as formats
from dotforge.formats.table import FloatFormat, IntegerFormat, find, lookup
from dotforge_golden import formats as golden

DTYPES: dict[str, Any] = {
    "BF16": ml_dtypes.bfloat16,
    "FP16": np.float16,
    "FP8_E4M3": ml_dtypes.float8_e4m3fn,
    "FP8_E5M2": ml_dtypes.float8_e5m2,
    "FP32": np.float32,
}
FLOATS = [entry for entry in formats.FORMATS.values() if isinstance(entry, FloatFormat)]
OTHERS = [
    FloatFormat("FP6_E3M2", 3, 2, "none"),
    FloatFormat("FP6_E2M3", 2, 3, "none"),
    FloatFormat("FP4_E2M1", 2, 1, "none"),
]
OTHER_DTYPES: list[Any] = [ml_dtypes.float6_e3m2fn, ml_dtypes.float6_e2m3fn, ml_dtypes.float4_e2m1fn]


def golden_of(format: FloatFormat) -> golden.FloatFormat:
    return golden.FloatFormat(format.name, format.exponent_bits, format.mantissa_bits, format.specials)


def test_both_tables_are_the_same() -> None:
    assert {entry.name: golden_of(entry) for entry in FLOATS} == golden.FORMATS
    for entry in FLOATS:
        other = golden.FORMATS[entry.name]
        assert (entry.width, entry.bias, entry.nan, entry.largest) == (
            other.width,
            other.bias,
            other.nan,
            other.largest,
        )
        assert entry.zero == 0


@pytest.mark.parametrize("format", FLOATS, ids=lambda format: format.name)
def test_constants(format: FloatFormat) -> None:
    info = ml_dtypes.finfo(DTYPES[format.name])
    unsigned = golden.FORMATS[format.name].dtype
    largest, smallest = (
        np.array([code], unsigned).view(DTYPES[format.name])[0] for code in (format.largest, 1)
    )
    assert format.width == info.bits
    assert largest == info.max
    assert smallest == info.smallest_subnormal == 2.0**format.smallest_exponent
    assert 2.0**format.largest_exponent <= float(info.max) < 2.0 ** (format.largest_exponent + 1)
    assert np.isnan(np.array([format.nan], unsigned).view(DTYPES[format.name])[0].astype(np.float64))
    if format.has_infinity:
        assert np.array([format.infinity], unsigned).view(DTYPES[format.name])[0] == np.inf


def test_canonical_nan() -> None:
    assert formats.FP32.nan == 0x7FC00000
    assert formats.FP8_E4M3.nan == 0x7F


@pytest.mark.parametrize("name", [name for name in DTYPES if name != "FP32"])
def test_every_code(name: str) -> None:
    format = golden.FORMATS[name]
    codes = np.arange(2**format.width).astype(format.dtype)
    with np.errstate(invalid="ignore"):
        values = codes.view(DTYPES[name]).astype(np.float64)
    decoded = format.decode(codes)
    assert np.array_equal(decoded, values, equal_nan=True)
    assert np.array_equal(np.signbit(decoded), codes >> (format.width - 1) != 0)
    numbers = ~np.isnan(values)
    assert np.array_equal(format.encode(values)[numbers], codes[numbers])
    assert (format.encode(values)[~numbers] == format.nan).all()


@pytest.mark.parametrize(("format", "dtype"), list(zip(OTHERS, OTHER_DTYPES, strict=True)))
def test_formats_without_specials(format: FloatFormat, dtype: Any) -> None:
    codes = np.arange(2**format.width).astype(np.uint8)
    assert np.array_equal(golden_of(format).decode(codes), codes.view(dtype).astype(np.float64))
    values = np.linspace(-40, 40, 10_001)
    assert np.array_equal(golden_of(format).encode(values), values.astype(dtype).view(np.uint8))


@pytest.mark.parametrize("name", DTYPES)
def test_rounding(name: str) -> None:
    """Random float32, and all values half way between two neighbours."""
    format = golden.FORMATS[name]
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        values = rng.integers(0, 2**32, 100_000, dtype=np.uint32).view(np.float32)
        if format.width <= 16:
            every = format.decode(np.arange(2**format.width))
            halves = (every[:-1] + every[1:]) / 2
            values = np.concatenate([values, halves[np.isfinite(halves)].astype(np.float32)])
        rounded = values.astype(DTYPES[name])
        wanted = np.where(np.isnan(rounded.astype(np.float32)), format.nan, rounded.view(format.dtype))
        found = format.encode(values.astype(np.float64))
    assert np.array_equal(found, wanted)


def test_saturation() -> None:
    values = np.array([449.0, 464.0, 465.0, 1e9, np.inf, -np.inf, np.nan])
    e4m3 = golden.FORMATS["FP8_E4M3"]
    assert e4m3.encode(values, saturate=True).tolist() == [0x7E, 0x7E, 0x7E, 0x7E, 0x7E, 0xFE, 0x7F]
    assert e4m3.encode(values).tolist() == [0x7E, 0x7E, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F]


@pytest.mark.parametrize("first", [*FLOATS[:4], *OTHERS], ids=lambda format: format.name)
@pytest.mark.parametrize("second", [*FLOATS[:4], *OTHERS], ids=lambda format: format.name)
def test_product_format_is_exact(first: FloatFormat, second: FloatFormat) -> None:
    product = first.product_format(second)
    one = np.array([1, first.largest, (1 << first.mantissa_bits) + 1, 3])
    two = np.array([1, second.largest, (1 << second.mantissa_bits) + 1, 3])
    with np.errstate(over="ignore"):
        exact = np.multiply.outer(golden_of(first).decode(one), golden_of(second).decode(two)).ravel()
    assert product.mantissa_bits + 1 == first.mantissa_bits + second.mantissa_bits + 2
    assert (np.frexp(exact)[1] - 1 >= 1 - product.bias).all(), "no product is subnormal"
    assert (np.frexp(exact)[1] - 1 <= product.bias).all(), "no product is infinite"


@pytest.mark.parametrize("first", FLOATS, ids=lambda format: format.name)
@pytest.mark.parametrize("second", [*FLOATS, *OTHERS], ids=lambda format: format.name)
def test_contains(first: FloatFormat, second: FloatFormat) -> None:
    if second.width > 16:
        assert first.contains(second) == (first == second)
        return
    values = golden_of(second).decode(np.arange(1 << second.width))
    values = values[np.isfinite(values)]
    back = golden_of(first).decode(golden_of(first).encode(values))
    assert first.contains(second) == np.array_equal(back, values)


def test_integers() -> None:
    assert (formats.INT8.minimum, formats.INT8.maximum, formats.INT8.zero) == (-128, 127, 0)
    assert formats.INT4.product_format(formats.INT8) == IntegerFormat(12)
    assert formats.INT8.fits(-128)
    assert not formats.INT8.fits(128)


@pytest.mark.parametrize("terms", [1, 2, 3, 15, 16, 17, 512])
@pytest.mark.parametrize("width", [1, 4, 8, 16])
def test_integer_sums_fit_and_no_bit_is_wasted(width: int, terms: int) -> None:
    format = IntegerFormat(width)
    total = format.sum_format(terms=terms)
    assert total.fits(terms * format.minimum * format.minimum)
    assert total.fits(terms * format.minimum * format.maximum)
    assert not IntegerFormat(total.width - 1).fits(terms * format.minimum * format.minimum)


@pytest.mark.parametrize(("pipeline", "stallable"), [(0, True), (1, True), (1, False)])
@pytest.mark.parametrize("name", formats.FORMATS)
def test_protocol(name: str, pipeline: int, stallable: bool) -> None:
    """Whoever knows one format can build a datapath of any."""
    format = lookup(name.lower())
    other: Any = formats.INT8 if isinstance(format, IntegerFormat) else formats.FP16
    assert format.name == name
    assert format.zero == 0
    multiplier = units.multiplier(format, other, pipeline=pipeline, stallable=stallable)
    total = format.sum_format(other, terms=16)
    adder = units.adder(format, pipeline=pipeline, stallable=stallable)
    converter = units.converter(format, other, pipeline=pipeline, stallable=stallable)
    assert [len(port) for port in (multiplier.a, multiplier.b)] == [format.width, other.width]
    assert len(multiplier.o) == multiplier.product.width <= total.width
    assert len(adder.a) == len(adder.b) == len(adder.o) == format.width
    assert [len(converter.i), len(converter.o)] == [format.width, other.width]
    for block in (multiplier, adder, converter):
        assert block.latency == block.pipeline == pipeline <= block.MAX_PIPELINE
        assert hasattr(block, "en") == (pipeline > 0 and stallable)
        Fragment.get(block, None)  # elaborates


@pytest.mark.parametrize("method", ["multiplier", "converter"])
def test_kinds_do_not_mix(method: str) -> None:
    with pytest.raises(ValueError, match=r"^INT8 goes together with integers, not with BF16$"):
        getattr(units, method)(formats.INT8, formats.BF16)
    with pytest.raises(ValueError, match=r"^BF16 goes together with floating-point formats, not with INT8$"):
        getattr(units, method)(formats.BF16, formats.INT8)


def test_lookup() -> None:
    assert lookup("FP8_E4M3") is formats.FP8_E4M3
    assert lookup("int13") == IntegerFormat(13)
    message = f"format is one of {', '.join(formats.FORMATS)} or INT1…INT128, not FP9"
    with pytest.raises(ValueError, match=f"^{message}$"):
        lookup("FP9")
    with pytest.raises(
        ValueError, match=r"^format is one of BF16, FP16, FP8_E4M3, FP8_E5M2, FP32, not INT8$"
    ):
        golden.lookup("INT8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("X", 1, 3), "X: exponent_bits is 2…11, not 1"),
        (("X", 5, 0), "X: mantissa_bits is 1…52, not 0"),
        (("X", 5, 3, "inf"), "X: specials is ieee, nan or none, not inf"),
    ],
)
def test_wrong_float_formats(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        FloatFormat(*arguments)


def test_wrong_integer_formats() -> None:
    with pytest.raises(ValueError, match=r"^integer width is 1…128 bits, not 0$"):
        IntegerFormat(0)
    with pytest.raises(ValueError, match=r"^a sum has at least one term, not 0$"):
        IntegerFormat(8).sum_format(terms=0)
    with pytest.raises(ValueError, match=r"^FP8_E4M3 has no infinity$"):
        _ = formats.FP8_E4M3.infinity
    with pytest.raises(ValueError, match=r"^FP4_E2M1 has no NaN$"):
        _ = OTHERS[2].nan


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *(("int4", 4), ("INT128", 128), ("uint1", 1), ("bf16", 16), ("fp6_e3m2", 6), ("fp4_e2m1", 4)),
        *(("dally3", 3), ("exponent:-6:0", 4), ("log:2:2", 5), ("log:2:2:flag", 6)),
        *(("mxint8", 8), ("mxfp8_e4m3", 8), ("nvfp4", 4), ("e8m0", 8), ("ue4m3", 7)),
    ],
)
def test_one_table_finds_every_kind(name: str, width: int) -> None:
    found = find(name)
    assert (found.name.lower(), found.width) == (name.lower(), width)


@pytest.mark.parametrize("name", ["int0", "uint129", "flag", "exponent", "fp12", "intx", ""])
def test_what_no_format_has_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^format is one of int4, .*nvfp4, .*intN, uintN, .*, not "):
        find(name)
