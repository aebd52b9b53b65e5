"""Figures of log numbers: the area to reach, the errors that the formula gives, the tables."""

import pytest

from dotforge.figures.log_numbers import FRACTIONS, UNITS, collect, errors, table


def test_converting_each_product_meets_its_figure() -> None:
    """836 transistors a MAC at 16 lanes."""
    (row,) = collect(
        [unit for unit in UNITS if unit.lanes == 16 and unit.name.endswith("each product converted")]
    )
    assert row["core"] / 16 <= 836
    assert row["core"] < row["engine"] < 1.1 * row["core"]
    assert row["lookup"] is None


def test_errors_are_those_of_the_formula() -> None:
    rows = errors()
    assert [row["fraction_bits"] for row in rows] == list(FRACTIONS)
    for row in rows:
        assert row["search"] == pytest.approx(row["formula"], rel=1e-3)
        assert row["search"] <= row["formula"]
        shares = list(row["lookup"].values())
        assert shares == sorted(shares, reverse=True)
    assert f"{rows[2]['formula']:.2%}" == "8.64%"
    assert f"{rows[3]['formula']:.2%}" == "4.33%"


def test_table() -> None:
    rows = [
        {"unit": "one", "lanes": 16, "core": 1600, "lookup": None, "engine": 3200},
        {"unit": "two", "lanes": 16, "core": 3200, "lookup": 160, "engine": 4800},
    ]
    text = table(rows, [{"sum_bits": 24, "code": "log:2:2", "scale": 4, "transistors": 1728}], errors())
    assert "| one | 16 | 100.0 |  | 200.0 |" in text
    assert "| two | 16 | 200.0 | 10.0 | 300.0 |" in text
    assert "| 24 bits | log:2:2 | 1,728 |" in text
    assert "| 2 | 8.643% | 8.643% | 6.07% | 1.65% | 0.14% | 0.02% |" in text
