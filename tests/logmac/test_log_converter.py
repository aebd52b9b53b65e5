"""Linear sums to log numbers: every sum of small widths, the neighbours of every threshold of wide ones."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dotforge.engines.logmac.log_converter import LogConverter
from dotforge.export.verilog import Design, convert
from dotforge.formats.logarithm import parse_log_code
from dotforge_golden.log_number import encode_sums, log_number
from dotforge_sim.simulator.cosim import evaluate


def differences(design: Design, name: str, sums: np.ndarray, width: int, scale: int) -> int:
    found = evaluate(design.verilog, design.top, design.ports, {"i": sums & (2**width - 1)})["o"]
    return int(np.count_nonzero(found != encode_sums(sums, log_number(name), lookup_bits=1 + scale, shift=0)))


def design(name: str, width: int, scale: int) -> Design:
    return convert(LogConverter(sum_bits=width, code=parse_log_code(name), scale=scale))


@pytest.mark.parametrize(
    ("name", "width", "scale"),
    [
        ("log:2:2", 12, 4),
        ("log:2:2", 12, 9),
        ("log:2:2:flag", 10, 3),
        ("log:4:3", 16, 4),
        ("log:3:0", 9, 0),
        ("log:1:0", 4, 0),
        ("log:1:0:flag", 5, 1),
        ("log:1:5", 9, 6),
        ("log:4:1", 5, 0),
    ],
)
def test_every_sum(name: str, width: int, scale: int) -> None:
    sums = np.arange(-(2 ** (width - 1)), 2 ** (width - 1))
    assert differences(design(name, width, scale), name, sums, width, scale) == 0


def test_wide_sums() -> None:
    name, width, scale = "log:4:3", 48, 31
    rng = np.random.default_rng(4)
    octaves = 2.0 ** rng.uniform(0, 47, 20000)
    exponents = np.arange(1, 128) / 8
    middles = (2.0**exponents + 2.0 ** (exponents - 1 / 8)) / 2 * 2.0**scale
    near = (middles[:, None] + np.arange(-40, 41)).ravel()
    magnitudes = np.concatenate([octaves, near[near < 2**47], [0, 2**47 - 1]]).astype(np.int64)
    sums = np.concatenate([magnitudes, -magnitudes, [-(2**47)]])
    assert len(sums) > 60000
    assert differences(design(name, width, scale), name, sums, width, scale) == 0


@pytest.mark.parametrize("name", ["log:2:2", "log:4:3:flag"])
def test_golden_is_the_nearest_number(name: str) -> None:
    number = log_number(name)
    sums = np.arange(-5000, 5000)
    encoded = number.decode(encode_sums(sums, number, lookup_bits=5, shift=3))
    assert np.array_equal(encoded, number.decode(number.encode(sums / 2**7)))


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"(assign passed_1 = ).*;", r"\1 1'h0;"),
        (r"(assign normal_zeros_2 = ).*;", r"\1 1'h0;"),
        (r"\bi\[11\]", "1'h0"),
    ],
    ids=["skip_a_threshold", "shift_too_little", "always_positive"],
)
def test_a_broken_converter_fails(pattern: str, replacement: str) -> None:
    whole = design("log:2:2", 12, 4)
    text, count = re.subn(pattern, replacement, whole.verilog)
    assert count
    sums = np.arange(-(2**11), 2**11)
    assert differences(replace(whole, verilog=text), "log:2:2", sums, 12, 4) > 0
