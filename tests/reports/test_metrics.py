"""The table of metrics: one row and the target that counts it make a new figure appear everywhere."""

import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

from dotforge.synthesis import metrics, synth
from dotforge.synthesis.targets import TARGETS, TargetError, target

from .reports import placed, report

#: Modules that make something of the table when they are loaded, in the order in which they need each other.
_READERS = (
    "dotforge.synthesis.targets.cells",
    "dotforge.synthesis.synth",
    "dotforge.reports.report_files",
    "dotforge.reports.limits",
    "dotforge.reports.compare",
    "dotforge.reports.sweep_page",
    "dotforge.reports.sweep",
)

_SOURCE = Path(metrics.__file__)


@pytest.fixture
def with_one_more_row(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The modules as they are with one more row in the source of the table."""
    text = _SOURCE.read_text(encoding="utf-8")
    row = '    Metric("wires", "totals", "wires", "mm", "less", 0.1, targets=("fpga",)),\n'
    mark = '    Metric("ffs", '
    assert text.count(mark) == 1
    kept = {name: sys.modules[name] for name in (metrics.__name__, *_READERS) if name in sys.modules}
    try:
        for name in kept:
            del sys.modules[name]
        changed = tmp_path / "metrics.py"
        changed.write_text(text.replace(mark, row + mark), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(metrics.__name__, changed)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[metrics.__name__] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[metrics.__name__])
        loaded = {name.rpartition(".")[2]: importlib.import_module(name) for name in _READERS}
        yield SimpleNamespace(metrics=sys.modules[metrics.__name__], **loaded)
    finally:
        sys.modules.update(kept)
        for name, module in kept.items():  # a package names its modules, too
            package, _, short = name.rpartition(".")
            setattr(sys.modules[package], short, module)


def test_a_row_is_all_that_a_new_figure_needs(with_one_more_row: SimpleNamespace, tmp_path: Path) -> None:
    """Schema, comparison, limits, tolerances, tables and the page of sweeps, without another line of code."""
    new = with_one_more_row
    old, later = (placed(100), placed(100))
    with pytest.raises(jsonschema.ValidationError, match="wires"):  # a target of this kind has to count it
        jsonschema.validate(old, new.synth.SCHEMA)
    old["totals"]["wires"], later["totals"]["wires"] = 10.0, 12.0
    jsonschema.validate(old, new.synth.SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**old, "totals": {**old["totals"], "wires": "long"}}, new.synth.SCHEMA)
    for name, content in (("old.json", old), ("new.json", later)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    limit = new.limits.parse_limit("wires>+15%")
    found = new.compare.compare_paths(tmp_path / "old.json", tmp_path / "new.json", limits=[limit])
    assert [text.split(": ")[-1] for text in found.broken] == ["wires 10 → 12 mm (+20.00 %)"]
    assert {change.metric.name: change.verdict for change in found.pairs[0].changes}["wires"] == "worse"
    loose = new.limits.parse_tolerance("wires=25%")
    again = new.compare.compare_paths(tmp_path / "old.json", tmp_path / "new.json", tolerances=loose)
    assert {change.metric.name: change.verdict for change in again.pairs[0].changes}["wires"] == "same"
    rows = new.sweep.table_rows([old, later])
    assert [row["wires"] for row in rows] == [10.0, 12.0]
    assert '{"name":"wires","unit":"mm","figure":true,"more":false,"number":true}' in new.sweep_page.page(
        rows, [old, later]
    )
    assert new.cells.RESOURCES == ("luts", "wires", "ffs", "dsps", "brams")
    assert "wires (mm)" in [new.metrics.heading(row) for row in new.metrics.columns("fpga")]


def test_rows() -> None:
    names = [row.name for row in metrics.TABLE]
    assert len(set(names)) == len(names)
    for row in metrics.TABLE:
        assert row.better in ("less", "more")
        assert row.use in ("compared", "shown", "recorded")
        assert row.heading
        assert set(row.targets) <= set(metrics.KINDS)
        assert bool(row.targets) == (row.part == "totals")
        assert bool(row.derive) == (not row.part)
    assert metrics.ALIASES == {
        "area": ("transistors", "area_um2"),
        "fmax": ("fmax_mhz",),
        "period": ("min_period_ns",),
        "power": ("power_mw",),
        "energy": ("energy_pj_per_mac", "energy_pj_per_value"),
    }


def test_every_target_is_of_a_kind() -> None:
    kinds = set()
    for name in TARGETS:
        try:
            kinds.add(target(name).kind)
        except TargetError:
            kinds.add("cells")  # its library is not installed
    assert kinds == set(metrics.KINDS)


def test_derived_figures() -> None:
    found = placed(100, parameters={"lanes": 16})
    by_name = {row.name: row for row in metrics.TABLE}
    assert metrics.value(found, by_name["area_per_mac"]) == 500 / 16
    assert metrics.value(found, by_name["gmacs_per_s"]) == 1.6
    assert metrics.value(report(parameters={"lanes": True}), by_name["gmacs_per_s"]) is None
    assert metrics.value({**found, "parameters": {}}, by_name["area_per_mac"]) is None
    assert metrics.value({**found, "timing": None}, by_name["gmacs_per_s"]) is None
    for machine in ({"lanes": 8, "engines": 2}, {"rows": 4, "columns": 4}):
        assert metrics.value({**found, "parameters": machine}, by_name["area_per_mac"]) == 500 / 16
        assert metrics.value({**found, "parameters": machine}, by_name["gmacs_per_s"]) == 1.6
    assert metrics.heading(replace(by_name["luts"], unit="")) == "LUTs"


def test_the_schema_has_every_row() -> None:
    properties = synth.SCHEMA["properties"]
    for row in metrics.TABLE:
        if row.part:
            assert row.name in properties[row.part]["properties"], row.name
    totals = properties["totals"]["properties"]
    assert properties["modules"]["items"]["properties"] == totals
