"""Rules by name: bits of the libraries, by hash where they are not installed, and what sets rules apart."""

import json
from pathlib import Path

import numpy as np
import pytest

from dotforge.figures import interchange
from dotforge.figures.libraries import LIBRARIES, installed, quantised, sample
from dotforge_golden.mx import ELEMENTS, decode_scales, quantise
from dotforge_golden.mx_rules import RULES, formats_of, quantise_by
from dotforge_golden.mx_search import search
from dotforge_golden.quantise import quantise as quantise_vectors
from dotforge_golden.quantise import sqnr

STORED = json.loads((Path(__file__).parents[2] / "docs/figures/interchange.json").read_text(encoding="utf-8"))

CASES = [(rule, format) for rule in LIBRARIES for format in formats_of(rule)]


@pytest.mark.parametrize(("rule", "format"), CASES)
def test_gives_the_bits_that_the_library_gave(rule: str, format: str) -> None:
    """Of 2,048 random blocks and the corners: the hash is that of the library's own codes."""
    made = quantise_by(sample(format, interchange.HASHED), format=format, rule=rule)
    assert interchange.digest(*interchange.as_library(rule, made)) == STORED["rules"][rule][format]["sha256"]


def test_figures_were_written_with_every_library() -> None:
    assert set(STORED["rules"]) == set(LIBRARIES)
    for rule, formats in STORED["rules"].items():
        assert set(formats) == set(formats_of(rule))
        for format, found in formats.items():
            assert (found["differing"], found["blocks"] > 100_000) == (0, True), (rule, format)


@pytest.mark.parametrize("rule", LIBRARIES)
def test_gives_the_bits_of_the_library_that_is_here(rule: str) -> None:
    if not installed(rule):
        pytest.skip(f"needs {LIBRARIES[rule][0]}")
    for format in formats_of(rule):
        values = sample(format, 4_096, seed=3)
        made, found = quantise_by(values, format=format, rule=rule), quantised(rule, values, format)
        assert interchange.digest(*interchange.as_library(rule, made)) == interchange.digest(*found), format


def first(rule: str, format: str, *numbers: float) -> tuple[int, int]:
    """Return the scale's byte and the first code of a block."""
    made = quantise_by([[*numbers]], format=format, rule=rule)
    return int(made.scales[0, 0]), int(made.elements[0, 0])


def test_what_sets_rules_apart() -> None:
    zero_bytes = {rule: first(rule, "nvfp4", 0.0) for rule in ("ocp", "compressed-tensors", "torchao-even")}
    assert zero_bytes == {"ocp": (0, 0), "compressed-tensors": (32, 0), "torchao-even": (8, 0)}
    assert first("modelopt", "nvfp4", 0.0)[0] == 56
    # Ceil of the exponent, and of the ratio to the largest element: 3 fits below 6 without another bit.
    assert [first(f"torchao-{way}", "mxfp4", 3.0)[0] for way in ("floor", "ceil", "rceil")] == [126, 127, 126]
    # A tie: 2.5 lies between 2 and 3, codes 4 and 5; 5 between 4 and 6, codes 6 and 7.
    assert [first(rule, "mxfp4", 2.5, 4)[1] for rule in ("ocp", "microxcaling", "modelopt")] == [4, 5, 4]
    assert [first(rule, "mxfp4", 1.25, 4)[1] for rule in ("ocp", "microxcaling")] == [2, 3]
    assert [first(rule, "mxfp4", 3.5, 4)[1] for rule in ("ocp", "modelopt")] == [6, 5]
    assert first("modelopt", "mxfp4", 0.0, 4)[1] == 8
    below = float(np.nextafter(np.float32(2**40), np.float32(0)))
    assert [first(rule, "mxfp4", below)[0] for rule in ("ocp", "microxcaling")] == [164, 165]
    assert [first(rule, "mxint8", -1.999, 1)[1] for rule in ("ocp", "gfloat")] == [129, 128]
    assert [
        first(rule, "mxfp8_e4m3", 449.0)[0] for rule in ("ocp", "torchao-even", "compressed-tensors")
    ] == [127, 127, 128]
    assert [first(rule, "mxfp8_e4m3", 465.0)[0] for rule in ("torchao-floor", "torchao-even")] == [127, 127]
    assert first("compressed-tensors", "mxfp8_e4m3", 448.0)[0] == 128


def test_a_rule_without_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match="rule modelopt has mxfp8_e4m3, mxfp4, nvfp4, not mxint8"):
        quantise_by([[1.0]], format="mxint8", rule="modelopt")
    for rule in RULES:
        for format in formats_of(rule):
            short = quantise_by(np.ones((2, 5)), format=format, rule=rule)
            assert np.allclose(short.values(), 1, atol=0.05), (rule, format)


@pytest.mark.parametrize("format", ELEMENTS)
def test_a_search_is_never_worse(format: str) -> None:
    values = np.random.default_rng(6).laplace(size=(8, 160))
    found = search(values, format=format)
    for rounding in ("floor", "ceil", "even"):
        other = quantise(values, format=format, scale_rounding=rounding)
        if np.array_equal(other.units, found.units):
            assert sqnr(values, found.values()) >= sqnr(values, other.values()) - 1e-9, rounding


def test_four_over_six() -> None:
    """Every block's largest magnitude becomes 6 or 4, whichever misses less, and NVFP4 gains as published."""
    values = np.random.default_rng(7).normal(size=(32, 256))
    plain, found = quantise(values, format="nvfp4"), search(values, format="nvfp4", way="four_over_six")
    assert float(found.units[0]) == pytest.approx(np.abs(values).max() / (6 * 256), rel=1e-6)
    assert sqnr(values, found.values()) > sqnr(values, plain.values()) + 0.4
    largest = np.abs(values).reshape(32, -1, 16).max(axis=-1)
    ratio = largest / (decode_scales(found.scales, "nvfp4") * found.units[:, None].astype(float))
    assert set(np.rint(ratio).ravel()) == {4, 6}
    assert search(values, format="nvfp4").scales.max() <= 126
    with pytest.raises(ValueError, match="a search for mxfp4 is one of least_error, not four_over_six"):
        search(values, format="mxfp4", way="four_over_six")


def test_a_given_unit() -> None:
    values = np.array([[1.0] * 16 + [3000.0] * 16])
    found = quantise(values, format="nvfp4", unit=1.0)
    assert found.units.tolist() == [1.0]
    assert found.values()[0, [0, 16]].tolist() == pytest.approx([1.0, 2688.0], rel=0.05)
    with pytest.raises(ValueError, match="unit is a normal FP32 number"):
        quantise(values, format="nvfp4", unit=0.0)


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_searched_thresholds_of_vectors(bits: int) -> None:
    values = np.random.default_rng(8).normal(size=(16, 256))
    found = {
        way: sqnr(values, quantise_vectors(values, bits=bits, scale_bits=6, vector=16, clipping=way).values())
        for way in ("max", "optimum", "least_error")
    }
    assert found["least_error"] > max(found["max"], found["optimum"]) + 0.1, found


def test_the_page_shows_what_the_libraries_gave() -> None:
    page = (Path(__file__).parents[2] / "docs/interchange.md").read_text(encoding="utf-8")
    assert interchange.table(STORED) in page
