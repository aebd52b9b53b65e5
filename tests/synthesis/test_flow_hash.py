"""What makes a figure is in the hashes of its report and in the key of the cache: scripts, weights, tables, code."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dotforge
from dotforge import figures
from dotforge.export.design import from_parameters
from dotforge.figures import measured
from dotforge.synthesis import area, synth
from dotforge.synthesis.targets import Settings, fpga, liberty, sta, target
from dotforge.synthesis.targets import activity as activity_of
from dotforge.tools import result_cache

from .test_targets import TINY

PARAMETERS = {"lanes": 2, "sum_bits": 8}
ROOT = Path(dotforge.__file__).resolve().parents[2]


def heavier(table: Any, pattern: str) -> Any:
    rows = tuple((name, kind, number + (name == pattern)) for name, kind, number in table.rows)
    assert rows != table.rows
    return replace(table, rows=rows)


def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area, "ABC_SCRIPT", "strash\nmap -a\n")


def _flow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        area, "FLOW", [command.replace("simplemap", "simplemap; opt_reduce") for command in area.FLOW]
    )


def _limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area, "MEMORY_BITS_LIMIT", 8)


def _weight(name: str, pattern: str) -> Callable[[pytest.MonkeyPatch], None]:
    def change(monkeypatch: pytest.MonkeyPatch) -> None:
        made = replace(fpga.FPGAS[name], table=heavier(fpga.FPGAS[name].table, pattern))
        monkeypatch.setitem(fpga.FPGAS, name, made)

    return change


def _cells_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(liberty.SCRIPTS, "area", "strash\nmap -a\n")


CHANGES = [
    ("cmos", _script),
    ("cmos", _flow),
    ("cmos", _limit),
    ("ecp5", _weight("ecp5", r"LUT[1-4]")),
    ("ice40", _weight("ice40", r"SB_DFF\w*")),
    ("xilinx", _weight("xilinx", r"FD[RSCP]E(_1)?|FD[RSCP]|LDCE|LDPE")),
    ("liberty", _cells_script),
]


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=lambda value: getattr(value, "__name__", value))
def test_a_change_gives_another_hash(
    name: str, change: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tiny.lib"
    path.write_text(TINY)
    label = f"liberty:{path}" if name == "liberty" else name
    before = target(label).options(Settings(), "logmac")
    assert target(label).options(Settings(), "logmac") == before
    change(monkeypatch)
    assert target(label).options(Settings(), "logmac") != before


@pytest.mark.parametrize(
    ("name", "change", "figure"),
    [("cmos", _script, "transistors"), ("ecp5", _weight("ecp5", r"LUT[1-4]"), "luts")],
    ids=["abc", "weight"],
)
def test_a_change_gives_another_figure(
    name: str,
    change: Callable[[pytest.MonkeyPatch], None],
    figure: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a machine that has the figure of before."""
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")
    generated = from_parameters("logmac", PARAMETERS)
    choices: dict[str, Any] = {"seeds": 0} if name == "ecp5" else {}
    first = synth.synthesize(generated, target=name, **choices)
    change(monkeypatch)
    second = synth.synthesize(generated, target=name, **choices)
    assert second["totals"][figure] > first["totals"][figure]
    assert second["options"] != first["options"]


#: The registers of ECP5, behind its carries; another family has some of the same name.
_ECP5_REGISTERS = """(r"CCU2C", "luts", 2),
        (r"TRELLIS_DPR16X4", "luts", 6),
        (r"TRELLIS_FF", "ffs", 1)"""


@pytest.mark.parametrize(
    ("file", "old", "new", "options"),
    [
        ("cells.py", _ECP5_REGISTERS, _ECP5_REGISTERS.replace('"ffs", 1', '"ffs", 2'), True),
        pytest.param("cells.py", "#: Lattice ECP5.", "#: Lattice's ECP5.", False, marks=pytest.mark.slow),
    ],
    ids=["weight", "comment"],
)
def test_another_version_of_the_code(file: str, old: str, new: str, options: bool, tmp_path: Path) -> None:
    """Two versions of dotforge share a cache."""

    def report(package: Path) -> dict[str, Any]:
        environment = {
            **os.environ,
            "DOTFORGE_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join([str(package), str(ROOT / "golden"), str(ROOT / "sim")]),
        }
        words = "synth logmac -p lanes=1 -p sum_bits=8 --target ecp5 --seeds 0 --json"
        command = [sys.executable, "-m", "dotforge.cli", *words.split()]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return json.loads(done.stdout)

    (tmp_path / "other").mkdir()
    shutil.copytree(ROOT / "hw", tmp_path / "other" / "hw", ignore=shutil.ignore_patterns("__pycache__"))
    (changed,) = (tmp_path / "other" / "hw").rglob(f"targets/{file}")
    text = changed.read_text(encoding="utf-8")
    assert text.count(old) == 1
    changed.write_text(text.replace(old, new), encoding="utf-8")
    first, second = report(ROOT / "hw"), report(tmp_path / "other" / "hw")
    assert (first["options"] != second["options"]) == options
    assert second["totals"]["ffs"] == first["totals"]["ffs"] * (2 if options else 1)


def test_power_depends_on_the_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benches = tmp_path / "tb"
    shutil.copytree(ROOT / "tb", benches, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(activity_of, "data_directory", lambda _: benches)
    monkeypatch.setattr(activity_of, "bench_directory", lambda engine: benches / engine)
    before = {engine: activity_of.flow(engine) for engine in ("logmac", "vsquant")}
    with (benches / "logmac" / "test_logmac.py").open("a", encoding="utf-8") as file:
        file.write("\nMORE = 1\n")
    assert activity_of.flow("logmac") != before["logmac"]
    assert activity_of.flow("vsquant") == before["vsquant"]
    with (benches / "support" / "axi_stream.py").open("a", encoding="utf-8") as file:
        file.write("\nMORE = 1\n")
    assert activity_of.flow("vsquant") != before["vsquant"]


def test_timing_and_power_have_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.lib"
    path.write_text(TINY)
    monkeypatch.setattr(liberty, "opensta_version", lambda: "OpenSTA 1.2")
    chosen = target(f"liberty:{path}").options(Settings(activity=True), "logmac")
    assert chosen["timing"] == sta.flow()
    assert chosen["activity"] == f"bench {activity_of.flow('logmac')}"


def test_figures_are_kept_in_one_place() -> None:
    """Only ``measured`` keeps figures, by a hash of the code that makes them."""
    package = Path(figures.__path__[0])
    keeping = {
        path.stem for path in package.glob("*.py") if "result_cache" in path.read_text(encoding="utf-8")
    }
    assert keeping == {"measured"}


def test_figures_are_measured_again_when_code_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def measure() -> dict[str, str]:
        calls.append("")
        return {}

    def ask(text: str = "module m; endmodule", how: object = 1) -> None:
        measured.kept(text, how, measure, code=[synth])

    stored: dict[str, Any] = {}
    monkeypatch.setattr(result_cache, "load", stored.get)
    monkeypatch.setattr(result_cache, "store", stored.__setitem__)
    ask()
    ask()
    assert len(calls) == 1
    ask(how=2)
    ask("module n; endmodule")
    assert len(calls) == 3
    monkeypatch.setattr(area, "ABC_SCRIPT", "strash; map")
    ask()
    assert len(calls) == 4
    monkeypatch.setattr(measured.source, "code", lambda *modules: "other")
    ask()
    assert len(calls) == 5
