"""The delay model against placements: the fit finds what made the periods, and the page says how far off it is."""

import importlib
import json
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

import pytest

from dotforge.arithmetic.delays import Delays, Path
from dotforge.export.design import from_parameters
from dotforge.figures import clock
from dotforge.registry import configure

TRUE = Delays(start=1.4, level=0.8, adder=1.1, bit=0.05, block=4.0)


def row(number: int, path: Path, fmax_mhz: float) -> dict[str, Any]:
    return {
        "number": number, "engine": "logmac", "parameters": {"lanes": 4}, "device": "ecp5", "clock_mhz": 100,
        "stages": 2, "path": asdict(path), "fmax_mhz": fmax_mhz, "seeds": 1, "luts": 9, "ffs": 8, "dsps": 0,
    }  # fmt: skip


def test_the_fit_finds_the_delays_that_made_the_periods() -> None:
    paths = [Path(levels, adders, adders * width, blocks)
             for levels in range(4) for adders in range(4) for width in (8, 24) for blocks in range(2)]  # fmt: skip
    fitted = clock.fit([row(number, path, 1e3 / path.after(TRUE)) for number, path in enumerate(paths)])
    assert fitted["ecp5"] == pytest.approx(asdict(TRUE), rel=0.02)


def test_the_page_says_how_far_off_the_model_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock.delays, "delays", lambda device: Delays(start=10.0, level=0, adder=0, bit=0))
    said = clock.page([row(0, Path(), 80.0), row(1, Path(), 100.0)])
    assert "| 100 | 2 | 100 | 80 | +25 % | 1 | 9 | 8 | 0 |" in said
    assert (
        "2 configurations: the model is off by 12 % in the median, by 25 % at most; 1 reach the clock" in said
    )


def test_thirty_configurations_are_planned_within_their_clock() -> None:
    assert len(clock.CONFIGURATIONS) == 30
    for engine, parameters in clock.CONFIGURATIONS:
        _, config = configure(engine, {"pipeline": "auto", **parameters})
        stages, longest = importlib.import_module(f"dotforge.engines.{engine}.clocked").plan(config)
        assert stages >= 1
        assert longest.after(clock.delays.delays(config.device)) <= 1e3 / config.clock_mhz


DOCS = FilePath(__file__).parents[2] / "docs"


def test_the_page_shows_what_was_placed_of_the_verilog_of_these_configurations() -> None:
    """All of the table; of the Verilog the rows that are built in a moment."""
    rows = json.loads((DOCS / "figures" / "clock.json").read_text(encoding="utf-8"))
    assert clock.page(rows).strip() in (DOCS / "fpga.md").read_text(encoding="utf-8")
    checked = 0
    for row in rows:
        assert clock.CONFIGURATIONS[row["number"]] == (row["engine"], row["parameters"])
        if row["engine"] == "requantise" or (row["engine"] == "logmac" and row["parameters"]["lanes"] == 4):
            generated = from_parameters(row["engine"], {"pipeline": "auto", **row["parameters"]})
            assert generated.manifest["verilog_sha256"] == row["verilog_sha256"], row
            checked += 1
    assert checked >= 2
