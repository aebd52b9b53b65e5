"""Reports: what they hold, what file they describe, and the cache."""

import json
from pathlib import Path

import jsonschema
import pytest

from dotforge.delivery.generate import generate
from dotforge.export.design import from_parameters, load
from dotforge.synthesis import area, synth
from dotforge.tools import result_cache
from dotforge.verify.verify import verify

PARAMETERS = {"lanes": 2, "sum_bits": 8}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.mark.parametrize("mode", synth.HIERARCHIES)
def test_report(mode: str) -> None:
    generated = from_parameters("logmac", PARAMETERS)
    report = synth.synthesize(generated, mode=mode)
    jsonschema.validate(report, synth.SCHEMA)
    json.dumps(report)
    assert report["verilog_sha256"] == generated.manifest["verilog_sha256"]
    assert report["options"]["hierarchy"] == mode
    assert report["totals"]["transistors"] > 500
    assert {row["module"] for row in report["modules"]} >= {"logmac", "logmac_shift_add_lane"}


def test_a_second_report_comes_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    generated = from_parameters("logmac", PARAMETERS)
    first = synth.synthesize(generated)
    monkeypatch.setattr(area, "synthesize", lambda *_, **__: pytest.fail("synthesized again"))
    assert synth.synthesize(generated) == first
    with pytest.raises(pytest.fail.Exception):  # other Verilog is another entry
        synth.synthesize(from_parameters("logmac", {**PARAMETERS, "sum_bits": 9}))


def test_what_is_verified_is_what_is_synthesized(tmp_path: Path) -> None:
    generate(from_parameters("logmac", PARAMETERS), tmp_path / "mac")
    generated = load(tmp_path / "mac")
    summary = verify(generated, tmp_path / "verify")
    assert summary["verilog_sha256"] == synth.synthesize(generated)["verilog_sha256"]
