"""The table of formats: rows from small runs, golden against the netlist, frontier and claim."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge.figures import formats as figures_formats
from dotforge.figures.format_units import UNITS, Unit
from dotforge.figures.formats import claim, drawn, measure, plot, table, write
from dotforge.pictures.scatter import Point, Scatter, frontier, render
from dotforge.tools import result_cache
from dotforge_golden.quantise import sqnr


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "load", lambda key: None)
    monkeypatch.setattr(result_cache, "store", lambda key, value: None)


def unit(name: str, lanes: int) -> Unit:
    return next(each for each in UNITS if (each.name, each.lanes) == (name, lanes))


def test_the_table_has_what_was_asked_for() -> None:
    names = {(each.name, each.lanes) for each in UNITS}
    assert len(names) == len(UNITS)
    wanted = {("shift-add", 16), ("L2.2", 16), ("L4.3", 16), ("MXFP4", 32), ("MXFP8 E4M3", 32), ("NVFP4", 16)}
    wanted |= {
        (name, vector) for name in ("VS-Quant 4/4", "VS-Quant 8/8", "INT8", "INT4") for vector in (16, 32, 64)
    }
    assert wanted <= names
    assert unit("VS-Quant 4/4", 64).bits == (4 + 4 / 64, 4 + 4 / 64)
    assert unit("shift-add", 16).bits == (3, 4)
    assert unit("NVFP4", 16).bits == (4.5, 4.5)
    assert unit("MXFP4", 32).bits == (4.25, 4.25)


@pytest.mark.parametrize("name", ["shift-add", "L2.2", "VS-Quant 4/4", "NVFP4"])
def test_a_row(name: str) -> None:
    """Few dot products: the netlist's sums are golden's, and the quantities are consistent."""
    chosen = unit(name, 16)
    row = measure(chosen, pairs=32, terms=64)
    assert row["transistors"] > 16 * 300
    for switched in row["switched"].values():
        assert 0.2 * row["transistors"] < switched < 0.7 * row["transistors"]
    for distribution in figures_formats.DISTRIBUTIONS:
        a, b = drawn(distribution, 32, 64)
        made = chosen.encode(a, b)
        assert row["sqnr_db"]["products"][distribution] == sqnr((a * b).sum(axis=1), made.products)
        assert row["sqnr_db"]["weights"][distribution] == sqnr(b, made.weights)
        assert row["sqnr_db"]["weights"][distribution] > 10


@pytest.mark.slow
@pytest.mark.parametrize("chosen", UNITS, ids=lambda each: f"{each.name}, {each.lanes}")
def test_every_row(chosen: Unit) -> None:
    row = measure(chosen, pairs=32, terms=128)
    assert row["transistors"] / row["lanes"] < 6000
    assert min(row["sqnr_db"]["products"].values()) > 6


def test_products_are_those_of_the_quantised_numbers() -> None:
    """Where nothing but operands is rounded."""
    a, b = drawn("Laplacian", 16, 128)
    for name in ("INT8", "INT4"):
        made = unit(name, 16).encode(a, b)
        back = unit(name, 16).encode(b, a)
        assert np.allclose(made.products, (made.weights * back.weights).sum(axis=1), rtol=1e-12)


def test_a_netlist_that_differs_from_golden_is_refused() -> None:
    whole = unit("shift-add", 16)

    def wrong(a: np.ndarray, b: np.ndarray) -> Any:
        made = whole.encode(a, b)
        return dataclasses.replace(made, sums=lambda beats: made.sums(beats) + (np.arange(len(a)) == 3))

    with pytest.raises(RuntimeError, match="shift-add: 1 of 32 sums of the netlist are not golden's"):
        measure(dataclasses.replace(whole, encode=wrong), pairs=32, terms=64)


ROWS: list[dict[str, Any]] = [
    {
        "format": name, "lanes": 16, "bits": bits, "transistors": size, "registers": 1,
        "switched": {"Gaussian": size / 2, "Laplacian": size / 3, "random words": size / 4},
        "sqnr_db": {
            "weights": {"Gaussian": ratio, "Laplacian": ratio - 1},
            "products": {"Gaussian": ratio, "Laplacian": 9.0},
        },
        "quantiser": {},
    }
    for name, bits, size, ratio in (
        ("INT8", [8, 8], 1600, 40.0), ("INT4", [4, 4], 480, 16.0), ("VS-Quant 4/4", [4.25, 4.25], 640, 20.0),
        ("a & b", [3, 4], 800, 18.0),
    )
]  # fmt: skip


def test_table_frontier_and_claim() -> None:
    text = table(ROWS)
    assert "| VS-Quant 4/4 | 16 | 4.25 | 40.0 | 20 | 13 | 10 | 20.0 | 19.0 | 20.0 | 9.0 |" in text
    assert "| a & b | 16 | 3 / 4 | 50.0 |" in text
    assert "Efficient frontier, Gaussian data, by area: INT4; VS-Quant 4/4; INT8." in text
    assert "Efficient frontier, Laplacian data, by area: INT4." in text
    assert claim(ROWS)[-1] == "| 16 | −60.0% | −60.0% | −70.0% | 62% |"


def test_plot_names_every_point() -> None:
    picture = plot(ROWS)
    assert picture.count("<circle") == 2 * len(ROWS)
    assert "a &amp; b" in picture
    assert picture.count("<svg") == picture.count("</svg>") == 1


def test_frontier() -> None:
    points = [
        Point(name, x, y)
        for name, x, y in (("a", 1, 1), ("b", 2, 2), ("c", 2, 3), ("d", 1.5, 2), ("e", 3, 9))
    ]
    assert [point.name for point in frontier(points)] == ["a", "b", "e"]
    assert frontier([]) == []
    assert "1,500" in render([Scatter("one", "x", "y", [Point("one", 1, 1200)])])


def test_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_formats, "collect", lambda progress: ROWS)
    paths = write(tmp_path)
    assert [path.name for path in paths] == ["formats.md", "formats.json", "formats.svg"]
    assert json.loads(paths[1].read_text(encoding="utf-8")) == ROWS
