"""The page of a sweep, in a real browser: it sorts, filters, plots, stays small, and asks no network."""

import time
from pathlib import Path
from typing import Any

import pytest

from dotforge.reports.sweep import table_rows
from dotforge.reports.sweep_page import page

from ..browser import opened
from .reports import placed, report


def many(count: int) -> list[dict[str, Any]]:
    """Reports of an FPGA with every figure, in which no two areas are the same."""
    made = []
    for index in range(count):
        lanes, fold = 2 ** (index % 6), index % 2 == 0
        each = placed(
            200 - lanes + index / 100, parameters={"lanes": lanes, "fold_sign": fold, "depth": index}
        )
        each["totals"] = {"luts": 40 * lanes + index, "ffs": 20, "dsps": 0, "brams": 0, "cells": {}}
        made.append({**each, "power": {"energy_pj_per_mac": 1 + 1 / (1 + index), "power_mw": 1.5}})
    return made


def written(directory: Path, reports: list[dict[str, Any]], failures: Any = ()) -> Path:
    path = directory / "index.html"
    path.write_text(page(table_rows(reports), reports, failures), encoding="utf-8")
    return path


def column(view: Any, name: str) -> list[str]:
    heads = view.locator("thead button").all_inner_texts()
    index = next(i for i, head in enumerate(heads) if head.split()[0] == name)
    return view.locator(f"tbody tr td:nth-child({index + 1})").all_inner_texts()


def test_a_page_of_a_thousand_rows(tmp_path: Path) -> None:
    path = written(tmp_path, many(1000))
    assert path.stat().st_size < 2_000_000
    with opened(path) as (view, said):
        assert view.locator("tbody tr").count() == 1000
        assert view.locator("#plots figure").count() == 5
        assert view.locator("#plots circle").count() == 5000
        started = time.monotonic()
        view.locator("thead button[data-column=luts]").click()
        assert column(view, "luts") == sorted(column(view, "luts"), key=int)
        view.locator("thead button[data-column=luts]").click()
        assert column(view, "luts") == sorted(column(view, "luts"), key=int, reverse=True)
        view.locator("input[data-column=lanes]").fill("16|32")
        assert set(column(view, "lanes")) == {"16", "32"}
        view.locator("input[data-column=fold_sign]").fill("true")
        view.locator("input[data-column=luts]").fill("<900")
        shown = column(view, "luts")
        assert shown
        assert all(int(text) < 900 for text in shown)
        assert view.locator("#count").inner_text() == f"{len(shown)} of 1000 configurations"
        # Plots show what the table shows.
        assert view.locator("#plots figure").first.locator("circle").count() == len(shown)
        view.locator("#clear").click()
        assert view.locator("tbody tr").count() == 1000
        assert time.monotonic() - started < 60
        assert said == []


def test_frontier_and_choices(tmp_path: Path) -> None:
    reports = []
    for lanes, luts, fmax in ((1, 100, 50), (2, 200, 80), (4, 300, 70), (8, 400, 90)):
        each = placed(fmax, parameters={"lanes": lanes})
        each["totals"]["luts"] = luts
        reports.append(each)
    path = written(tmp_path, reports)
    with opened(path) as (view, said):
        figure = view.locator("#plots figure").last
        figure.locator("select").nth(0).select_option("fmax_mhz")
        figure = view.locator("#plots figure").last
        assert figure.locator("select").nth(1).input_value() == "luts"
        # 300 LUTs at 70 MHz is worse than 200 LUTs at 80 MHz.
        assert figure.locator("path.frontier").get_attribute("d").count("L") == 2
        view.locator("#only").check()
        assert column(view, "lanes") == ["1", "2", "8"]
        view.locator("#only").uncheck()
        view.locator("tbody tr").nth(2).click()
        assert view.locator("#plots circle.chosen").count() == view.locator("#plots figure").count()
        view.locator("#all").check()
        assert "engine" in " ".join(view.locator("thead button").all_inner_texts())
        assert said == []


def test_screenshot(tmp_path: Path) -> None:
    """Points lie inside their plot, nothing overlaps the table, both colour schemes have contrast."""
    path = written(tmp_path, many(24))
    for scheme in ("light", "dark"):
        with opened(path, color_scheme=scheme) as (view, said):
            png = view.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
            assert len(png) > 40_000
            for svg in view.locator("#plots svg").all():
                frame = svg.bounding_box()
                for dot in svg.locator("circle").all():
                    box = dot.bounding_box()
                    assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]
                    assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"]
            plots, table = (view.locator(name).bounding_box() for name in ("#plots", "#table"))
            assert plots["y"] + plots["height"] < table["y"]
            back, text = view.evaluate(
                "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
                ".map(found => found.match(/\\d+/g).map(Number))"
            )
            assert abs(sum(back[:3]) - sum(text[:3])) > 400
            assert said == []


def test_text_is_text(tmp_path: Path) -> None:
    """What comes from files cannot become markup or code."""
    evil = "</script><img src=x onerror=alert(1)>"
    path = written(
        tmp_path, [report(parameters={"code": evil}), report(parameters={"code": "b"})], [({"a": evil}, evil)]
    )
    with opened(path) as (view, said):
        assert view.locator("img").count() == 0
        assert evil in column(view, "code")
        assert evil in view.locator("#failures").inner_text()
        assert said == []


def test_one_row_and_none(tmp_path: Path) -> None:
    for reports in ([report()], []):
        with opened(written(tmp_path, reports)) as (view, said):
            assert view.locator("tbody tr").count() == len(reports)
            assert said == []


def test_the_page_has_no_address_in_it() -> None:
    text = page(table_rows(many(3)), many(3))
    assert text.replace("http://www.w3.org/2000/svg", "").count("http") == text.count("http-equiv")
    with pytest.raises(ValueError, match="unpack"):  # the template has exactly one place for the data
        _, _ = text.split("/*DATA*/ null")
