"""The tables in the documentation are what their command writes, and hold for the Verilog of today.

``docs/figures/NAME.json`` is what ``python -m dotforge.figures.all -o DIR NAME`` wrote, ``NAME.netlists.json`` the
netlists that were measured for it. Tables are made from the one and looked for in the page; a part of the figure is
collected again, with what the other says of its netlists, and has to come out the same. ``slow`` collects all.

What takes hours is not measured again for every change: rows of those figures hold the sha256 of their Verilog, or its
beginning, and the small ones are compared.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dotforge import registry
from dotforge.engines.flexdpe.presets import PUBLISHED
from dotforge.export.design import from_parameters
from dotforge.figures import all as figures
from dotforge.figures import (
    arithmetic,
    flexdpe,
    flexdpe_windows,
    flexdpu,
    flexdpu_area,
    format_units,
    formats,
    log_numbers,
    logmac,
    mxdot,
    parameter_costs,
    reduction,
    requantise,
    storage,
    systolic,
    vsquant,
)
from dotforge.figures.measured import recorded, replayed

DOCS = Path(__file__).parents[2] / "docs"

#: Figure → the page with its tables, and how they are made from what is stored.
PAGES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "arithmetic": ("arithmetic.md", arithmetic.table),
    "flexdpe": ("flexdpe.md", flexdpe.table),
    "flexdpe_windows": ("distribution.md", flexdpe_windows.table),
    "flexdpu": ("flexdpu.md", flexdpu.table),
    "formats": ("formats.md", formats.table),
    "log_numbers": (
        "logmac.md",
        lambda found: log_numbers.table(found["units"], found["converters"], found["errors"]),
    ),
    "logmac": ("logmac.md", logmac.table),
    "mxdot": ("mxdot.md", mxdot.table),
    "reduction": ("reduction.md", reduction.table),
    "storage": ("families.md", storage.table),
    "requantise": ("requantise.md", lambda found: requantise.table(found["areas"], found["accuracies"])),
    "systolic": ("systolic.md", systolic.table),
    "vsquant": (
        "vsquant.md",
        lambda found: vsquant.table(found["macs"], found["engines"], found["post_processing"]),
    ),
}

#: Compared as whole pages elsewhere, or on no page.
ELSEWHERE = {"interchange", "models", "papers", "performance", "quantisers", "sigma", "walkthrough"}
#: On a page, but not stored yet.
MISSING = {"distribution", "families", "formats"}


def stored(name: str, kind: str = "json") -> Any:
    return json.loads((DOCS / "figures" / f"{name}.{kind}").read_text(encoding="utf-8"))


def tables(text: str) -> list[list[str]]:
    """Return the lines of each Markdown table."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_what_is_stored(name: str) -> None:
    page, render = PAGES[name]
    shown = tables((DOCS / page).read_text(encoding="utf-8"))
    written = tables(render(stored(name)))
    assert written
    for table in written:
        assert table in shown, f"docs/{page} does not show this table of {name}:\n" + "\n".join(table)


def part_of(found: object, whole: object) -> None:
    """Every row of ``found`` is one of the stored figure's, as JSON has it."""
    rows = json.loads(json.dumps(found, allow_nan=False))
    assert rows
    for row in rows:
        assert row in whole, f"the stored figure has no such row: {row}"


def some_units() -> list[arithmetic.Figure]:
    """Return a few arithmetic units that are quick to write, drawn from a printed seed."""
    seed = random.randrange(1000)
    print(f"seed {seed}")
    small = [figure for figure in arithmetic.every_figure() if figure.share == 1]
    return random.Random(seed).sample(small, 4)


def costs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was counted: decibels differ by the order in which a machine adds."""
    return [{name: value for name, value in row.items() if name != "sqnr_db"} for row in rows]


#: Figure → a part of it that is quick to collect, and where in the stored one its rows are.
PARTS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "flexdpe_windows": (lambda: flexdpe_windows.collect(lanes=(16,), widest=8), lambda found: found),
    "arithmetic": (lambda: arithmetic.collect(some_units()), lambda found: found),
    "formats": (
        lambda: costs(formats.collect([unit for unit in format_units.UNITS if unit.lanes == 16][:3])),
        costs,
    ),
    "flexdpu": (
        lambda: flexdpu_area.areas(print, flexdpu_area.SIZES[:1]),
        lambda found: found["areas"],
    ),
    "log_numbers": (lambda: log_numbers.collect(log_numbers.UNITS[:1]), lambda found: found["units"]),
    "logmac": (lambda: logmac.collect(lanes=(1,)), lambda found: found),
    "storage": (lambda: storage.collect(("ecp5",), (4, 64)), lambda found: found),
    "mxdot": (lambda: mxdot.lanes(("mxfp4", "mxfp6_e3m2")), lambda found: found["lanes"]),
    "vsquant": (
        lambda: vsquant.collect((16,), vsquant.UNITS[:2]),
        lambda found: found["macs"],
    ),
    "reduction": (lambda: reduction.collect(lanes=(16,)), lambda found: found),
    "requantise": (requantise.areas, lambda found: found["areas"]),
}


@pytest.mark.parametrize("name", PARTS)
def test_what_is_stored_holds(name: str) -> None:
    """Nothing is measured: the Verilog of today has the sha256 that the figures are stored for."""
    collect, inside = PARTS[name]
    with replayed(stored(name, "netlists.json")), recorded() as netlists:
        part_of(collect(), inside(stored(name)))
    assert len(netlists) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*PARTS, "parameter_costs"} - {"reduction", "formats", "flexdpu"}))
def test_all_that_is_stored_holds(name: str, tmp_path: Path) -> None:
    netlists = stored(name, "netlists.json")
    with replayed(netlists), recorded() as used:
        figures.figures()[name].write(tmp_path)
    assert json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) == stored(name)
    assert used == netlists


@pytest.mark.slow
def test_all_areas_of_flexdpu_hold() -> None:
    """The rest of that figure are times."""
    with replayed(stored("flexdpu", "netlists.json")):
        found = json.loads(json.dumps(flexdpu_area.areas(print)))
    assert found == stored("flexdpu")["areas"]


@pytest.mark.slow
def test_all_formats_hold() -> None:
    with replayed(stored("formats", "netlists.json")):
        found = json.loads(json.dumps(costs(formats.collect())))
    assert found == costs(stored("formats"))


def test_costs_of_parameters_are_of_parameters() -> None:
    """Every engine that has any says what it was changed from, and no parameter is one that is gone."""
    found = stored("parameter_costs")
    assert set(found) == set(parameter_costs.BASES)
    for name, entry in found.items():
        assert entry["base"] == parameter_costs.BASES[name]
        assert set(entry["changes"]) == {parameter for parameter, _ in parameter_costs.changes(name)}
        assert entry["transistors"] > 0


def test_other_verilog_is_noticed() -> None:
    with replayed({}), pytest.raises(LookupError, match="write them again"):
        logmac.collect(lanes=(1,))


def same_verilog(engine: str, parameters: dict[str, Any], sha256: str) -> None:
    now = from_parameters(engine, parameters).manifest["verilog_sha256"]
    assert now.startswith(sha256), f"{engine} {parameters}: measured {sha256}, is {now}"


@pytest.mark.parametrize(
    "name", ["lanes=4", *(pytest.param(name, marks=pytest.mark.slow) for name in PUBLISHED)]
)
def test_flexdpe_is_the_one_that_was_measured(name: str) -> None:
    found = stored("flexdpe")
    rows = [row for part in ("areas", "generation") for row in found[part] if row["name"] == name]
    assert rows
    for row in rows:
        same_verilog("flexdpe", PUBLISHED.get(name, {"lanes": 4}), row["sha256"])


def test_cycles_of_flexdpe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model gives them in no time, but for the large products."""
    monkeypatch.setattr(flexdpe, "STONNE", [each for each in flexdpe.STONNE if each[0] < 128])
    part_of(flexdpe.cycles(print), stored("flexdpe")["cycles"])


@pytest.mark.parametrize("part", ["efficiency", "dataflows"])
def test_cycles_of_flexdpu(part: str) -> None:
    """All from the exact model; its RTL is not run again."""
    rows = json.loads(json.dumps(flexdpu.collect((part,))[part], allow_nan=False))
    assert len(rows) == {"efficiency": 4, "dataflows": 10}[part]
    assert rows == stored("flexdpu")[part]


@pytest.mark.slow
def test_the_unit_is_the_one_that_was_measured() -> None:
    """What ran on the RTL, and what it was that took so long to write."""
    found = stored("flexdpu")
    for part, parameters in (("rtl", flexdpu.SMALLER), ("generation", {**flexdpu.LARGE})):
        for sha256 in {row["sha256"] for row in found[part]}:
            same_verilog("flexdpu", parameters, sha256)


def test_the_array_is_the_one_that_was_measured() -> None:
    found = [row for row in stored("systolic")["areas"] if row["engine"] == "systolic"]
    assert len(found) == len(systolic.FORMATS) * len(systolic.SIDES)
    for row in found:
        if row["multipliers"] == 16:
            size = {"rows": 4, "columns": 4}
            same_verilog(
                "systolic", {"format": row["format"], **size, **systolic.REGISTERS}, row["verilog_sha256"]
            )
    assert json.loads(json.dumps(systolic.cycles())) == stored("systolic")["cycles"]


def test_pictures_of_engines_show_their_verilog() -> None:
    found = stored("waveforms")
    assert set(found) == set(registry.names())
    for name, told in found.items():
        same_verilog(name, {}, told["verilog_sha256"])
        assert {f"{name}_block_diagram.svg", f"{name}_load.svg", f"{name}_stream.svg"} <= set(
            told["pictures"]
        )
        for file, title in told["pictures"].items():
            text = (DOCS / "figures" / file).read_text(encoding="utf-8")
            assert title in text or file.endswith("_block_diagram.svg")


def test_every_figure_is_compared() -> None:
    assert set(figures.figures()) == set(PAGES) | ELSEWHERE | MISSING | {"waveforms", "parameter_costs"}
