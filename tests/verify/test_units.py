"""Arithmetic units on vectors of others: every unit agrees with NumPy, and a wrong result is seen."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge.formats.table import FORMATS, FP32, FloatFormat
from dotforge.verify.unit_vectors import Vectors, differences
from dotforge.verify.units import units
from dotforge_golden import (
    float_adder,
    float_converter,
    float_multiplier,
    integer_adder,
    integer_converter,
    integer_multiplier,
)

from ..commands.conftest import dotforge as dotforge  # noqa: PLC0414 - a fixture

SEED = 5

#: Sums as TestFloat writes them, with its flags; the last is opposite infinities, whose NaN a PC makes negative.
SUMS = """
3F800000 3F800000 40000000 00
3F800000 33800000 3F800000 01
7F7FFFFF 7F7FFFFF 7F800000 05  # overflow
00000001 80000001 00000000 00
7F800000 FF800000 FFC00000 10
"""


def test_units_are_of_every_format() -> None:
    names = set(units())
    assert {"float_adder", "float_multiplier", "float_multiplier_fp16_fp16"} <= names
    for name, format in FORMATS.items():
        kind = "float" if isinstance(format, FloatFormat) else "integer"
        others = [other for other in FORMATS.values() if type(other) is type(format) and other is not format]
        assert {f"{kind}_converter_{name.lower()}_{other.name.lower()}" for other in others} <= names
        if format is not FP32:
            assert {f"{kind}_adder_{name.lower()}", f"{kind}_multiplier_{name.lower()}"} <= names


def golden(name: str, operands: list[np.ndarray]) -> np.ndarray:
    """Return what golden makes of bits."""
    unit = units()[name]
    names = [format.name for format in unit.operands]
    if isinstance(unit.result, FloatFormat):
        if "converter" in name:
            return float_converter.convert(operands[0], names[0], unit.result.name)
        if "multiplier" in name:
            return float_multiplier.multiply(operands[0], operands[1], *names, product=unit.result.name)
        return float_adder.add(operands[0], operands[1], names[0])
    given = [
        (bits.astype(np.int64) ^ 1 << format.width - 1) - (1 << format.width - 1)
        for bits, format in zip(operands, unit.operands, strict=True)
    ]
    widths = [format.width for format in unit.operands]
    if "converter" in name:
        found = integer_converter.convert(given[0], widths[0], unit.result.width)
    elif "multiplier" in name:
        found = integer_multiplier.multiply(given[0], given[1], *widths)
    else:
        found = integer_adder.add(given[0], given[1], widths[0])
    return np.asarray(found).astype(np.int64) & ((1 << unit.result.width) - 1)


#: Quick to build.
SOME = ("float_multiplier_fp8_e5m2", "integer_multiplier_int4", "float_converter_fp16_fp8_e4m3")


@pytest.mark.parametrize(
    "name", [name if name in SOME else pytest.param(name, marks=pytest.mark.slow) for name in units()]
)
def test_a_unit_agrees_with_golden(name: str) -> None:
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    unit = units()[name]
    operands = [
        rng.integers(0, 1 << format.width, 2000).astype(
            np.uint64 if format.width > 32 else f"u{max(1, format.width // 8)}"
        )
        for format in unit.operands
    ]
    wanted = golden(name, operands)
    columns = tuple(bits.astype(np.uint64) for bits in operands)
    vectors = Vectors(columns, wanted.astype(np.uint64), np.arange(1, 2001))
    assert differences(unit, vectors, exact_nan=True) == []
    spoiled = vectors.results.copy()
    spoiled[7] ^= np.uint64(1)
    (difference,) = differences(unit, Vectors(columns, spoiled, vectors.lines), exact_nan=True)
    assert (difference.line, difference.found) == (8, int(wanted[7]))


def test_sums_of_testfloat(dotforge: Any) -> None:
    Path("sums").write_text(SUMS)
    found = dotforge("verify-unit", "float_adder", "--vectors", "sums")
    assert (found.code, found.out) == (0, "float_adder: 5 vectors, 0 differ\n")
    strict = dotforge("verify-unit", "float_adder", "--vectors", "sums", "--exact-nan")
    assert strict.code == 1
    assert "sums, line 6: 7F800000 FF800000: found 7FC00000, wanted FFC00000" in strict.out
    Path("wrong").write_text(SUMS.replace("40000000", "40000001").replace("7F800000 05", "7F7FFFFF 05"))
    wrong = dotforge("verify-unit", "float_adder", "--vectors", "wrong", "--show", 1)
    assert wrong.code == 1
    assert wrong.out.splitlines() == [
        "wrong, line 2: 3F800000 3F800000: found 40000000, wanted 40000001",
        "… and 1 more",
        "float_adder: 5 vectors, 2 differ",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no vector"),
        ("# nothing\n\n", "holds no vector"),
        ("3F800000 3F800000\n", "line 1: 2 numbers; float_adder has 2 operands and a result"),
        ("\n3F800000 3F800000 40000000 00 1\n", "line 2: 5 numbers"),
        ("3F800000 3F8000000 40000000\n", "line 1: '3F8000000' is no hexadecimal number of 32 bits"),
        ("3F800000 +3F80000 40000000\n", "line 1: '+3F80000' is no hexadecimal number of 32 bits"),
    ],
)
def test_a_bad_file_is_one_line(dotforge: Any, text: str, message: str) -> None:
    Path("vectors").write_text(text)
    found = dotforge("verify-unit", "float_adder", "--vectors", "vectors")
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1)
    assert message in found.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "a UNIT and --vectors are needed, or --list"),
        (["float_divider", "--vectors", "x"], "unit float_divider: --list shows"),
        (["float_adder", "--list"], "--list goes with nothing else"),
        (["float_adder", "--vectors", "absent"], "cannot read absent: No such file"),
    ],
)
def test_the_command_refuses(dotforge: Any, words: list[str], message: str) -> None:
    found = dotforge("verify-unit", *words)
    assert found.code == 2
    assert message in found.err


def test_units_are_listed(dotforge: Any) -> None:
    found = dotforge("verify-unit", "--list")
    assert found.code == 0
    assert any(
        line.split() == ["float_adder", "FP32,", "FP32", "→", "FP32"] for line in found.out.splitlines()
    )
