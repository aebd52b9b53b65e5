"""What is known of one Verilog: the reports of it, and the verification that a report may name."""

from pathlib import Path

import jsonschema
import pytest

from dotforge.export.design import Generated, from_parameters
from dotforge.synthesis import evidence
from dotforge.synthesis.synth import SCHEMA, synthesize
from dotforge.tools import result_cache
from dotforge.tools.files import OutputError, write_json


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_parameters("logmac", {"lanes": 2, "sum_bits": 8})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")


def test_reports_are_found_by_verilog(generated: Generated) -> None:
    sha = generated.manifest["verilog_sha256"]
    assert result_cache.reports(sha) == []
    cmos = synthesize(generated)
    fpga = synthesize(generated, target="ecp5", seeds=0)
    synthesize(generated, target="ecp5", seeds=0)
    assert result_cache.reports(sha) == [cmos, fpga]


def test_evidence(generated: Generated, tmp_path: Path) -> None:
    report = synthesize(generated)
    assert evidence.attach(report, tmp_path / "summary.json")["evidence"] is None
    assert evidence.describe(report).startswith("not verified")
    summary = {
        "verilog_sha256": report["verilog_sha256"], "tests": 8, "vectors": 400, "mismatches": 0, "seed": 1,
        "simulator": "Verilator", "record": "dotforge verify", "status": "ok",
    }  # fmt: skip
    write_json(tmp_path / "summary.json", summary)
    same = evidence.attach(report, tmp_path / "summary.json")
    jsonschema.validate(same, SCHEMA)
    assert evidence.describe(same) == (
        "verified: the same Verilog, 8 tests, 400 vectors, 0 mismatches, Verilator, seed 1"
    )
    write_json(tmp_path / "summary.json", {**summary, "verilog_sha256": "f" * 64})
    other = evidence.attach(report, tmp_path / "summary.json")
    assert other["evidence"]["same_verilog"] is False
    assert evidence.describe(other).startswith("MISMATCH: verified was other Verilog (sha256 ffffffffffff…")
    for more, said in (
        ({"status": "failed", "reason": "sums failed"}, "failed: sums failed"),
        ({"status": "unfinished"}, "did not end"),
        ({"status": None}, "did not end"),
    ):
        write_json(tmp_path / "summary.json", summary | more)
        told = evidence.describe(evidence.attach(report, tmp_path / "summary.json"))
        assert told == f"NOT VERIFIED: the latest run of `dotforge verify` {said}"
    for foreign in ([1], {"tests": 8, "verilog_sha256": report["verilog_sha256"]}):
        write_json(tmp_path / "summary.json", foreign)
        with pytest.raises(OutputError, match="is not a summary"):
            evidence.attach(report, tmp_path / "summary.json")
