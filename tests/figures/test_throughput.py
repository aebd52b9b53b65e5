"""Products a second for lookup tables: designs of others are read as they are, and wrong ones are refused."""

from pathlib import Path
from typing import Any

import click
import pytest

from dotforge.export.constraints import constraint
from dotforge.export.design import Generated
from dotforge.figures import throughput
from dotforge.figures.measured import replayed
from dotforge.synthesis.targets.fpga import FPGAS

PARTS = {
    "top.v": "module top(input ck, input [3:0] a, b, output reg [7:0] o); wire [7:0] p; part x(a, b, p); "
    "always @(posedge ck) o <= p; endmodule",
    "part.v": "module part(input [3:0] a, b, output [7:0] p); assign p = a * b; endmodule",
}


def written(directory: Path) -> Path:
    for name, text in PARTS.items():
        (directory / name).write_text(text)
    return directory


def test_a_peer_is_one_design(tmp_path: Path) -> None:
    made = throughput.peer(written(tmp_path), "top", "ck")
    assert made.verilog.count("endmodule") == 1
    assert 'PORT "ck" 100 MHZ' in constraint("lpf", made.manifest, 100)
    assert {(port["name"], port["direction"], port["width"]) for port in made.manifest["ports"]} == {
        ("ck", "input", 1), ("a", "input", 4), ("b", "input", 4), ("o", "output", 8),
    }  # fmt: skip


def test_figures_are_of_this_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GMAC/s a 1,000 LUTs are MMAC/s a LUT; without a clock there are none, and why is told."""
    made = throughput.peer(written(tmp_path), "top", "ck")
    monkeypatch.setattr(throughput, "kept", lambda verilog, how, measure, code: measure())
    monkeypatch.setattr(
        type(FPGAS["ecp5"]),
        "counts",
        lambda self, made, settings: {"luts": 50, "ffs": 8, "dsps": 0, "brams": 0},
    )

    def timing(self: Any, made: Generated, settings: Any) -> Any:
        return {"fmax_mhz": 200.0}, []

    monkeypatch.setattr(type(FPGAS["ecp5"]), "timing", timing)
    (row,) = throughput.collect((), {"other": (made, 0.5)})
    assert row["gmacs"] == 0.5 * 200 / 50
    assert "| other | peer | 0.5 | 50 | 0 | 200 | 2.00 |" in throughput.table([row])
    monkeypatch.setattr(type(FPGAS["ecp5"]), "timing", lambda self, made, settings: (None, ["no Fmax: why"]))
    (row,) = throughput.collect((), {"other": (made, 0.5)})
    assert row["gmacs"] is None
    assert "no Fmax: why" in throughput.table([row])


def test_what_is_no_peer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match=r"no \.v or \.sv file"):
        throughput.peer(tmp_path, "top", "ck")
    with pytest.raises(click.UsageError, match="top has no port clk"):
        throughput.peer(written(tmp_path), "top", "clk")
    with pytest.raises(click.UsageError, match="allowed NAME:DIRECTORY:TOP:CLOCK:PRODUCTS"):
        throughput._peers(("a:b:c",))


def test_every_configuration_is_made_of_an_engine() -> None:
    """Nothing is measured here: what is not stored is noticed."""
    with replayed({}), pytest.raises(LookupError, match="write them again"):
        throughput.collect(("VS-Quant 4/4",))
