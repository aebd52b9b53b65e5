"""The page of models holds what its commands write."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge.figures import flexdpe_switching, models, sigma
from dotforge.figures.front_ends import costs_table
from dotforge_golden.route import route
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.sigma import averages, fan_claims, over_sparse_accelerators
from dotforge_sim.models.sparse_accelerators import ACCELERATORS, cycles
from dotforge_sim.models.workloads import Gemm

PAGE = (Path(__file__).parent.parent.parent / "docs/models.md").read_text(encoding="utf-8")


def test_tables_of_training_systems_and_sizes() -> None:
    assert "\n".join(models.averages()) in PAGE
    assert "\n".join(sigma.sizes_table()) in PAGE
    assert "\n".join(costs_table()) in PAGE


@pytest.mark.slow
def test_table_of_claims() -> None:
    for claim, printed, formulas, exact in sigma.claims():
        assert f"| {claim} | {printed} | {formulas} | {exact} |" in PAGE


@pytest.mark.slow
def test_areas_are_those_of_the_netlists_that_they_name() -> None:
    """The smallest is measured again; its Verilog has the hash that the file holds."""
    text = (files("dotforge_sim.models") / "data" / "flexdpe_area.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    measured = sigma.areas((8,))
    assert measured["parameters"] == stored["parameters"]
    found, expected = (each["transistors"]["8"] for each in (measured, stored))
    assert found["verilog_sha256"] == expected["verilog_sha256"]
    assert found["sum"] == pytest.approx(expected["sum"], rel=0.01)
    assert found["switched"] == pytest.approx(expected["switched"], rel=0.01)


def test_switching_is_that_of_lanes_that_were_routed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part switches; where the settings are those of other folds, the figure is refused."""
    small = from_parameters(
        "flexdpe", {"lanes": 4, **sigma.AREA_PARAMETERS, "distribution": "multicast-benes"}
    )
    found = flexdpe_switching.parts(small)
    assert set(found) == set(flexdpe_switching.PARTS)
    assert all(100 < value < 2000 for value in found.values())
    rows = route("multicast-benes", np.zeros((flexdpe_switching.FOLDS, 4), np.int64), 4)
    monkeypatch.setattr(flexdpe_switching, "route", lambda *_: rows)
    monkeypatch.setattr(flexdpe_switching, "SEED", 2)  # what was measured before is another netlist's
    with pytest.raises(RuntimeError, match="4 lanes: the netlist's lanes are not those that were routed"):
        flexdpe_switching.parts(small)


def test_fan_claims_by_hand() -> None:
    found = fan_claims()
    assert found["speedup"] == pytest.approx((1000 + 512) / (1000 + 9))
    assert found["edp_below_linear"] == pytest.approx(1 - 1.31 / (1512 / 1009) ** 2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 64·64·64 dense, the same either way: 32 cycles of loading 4096 values.
        ("EIE", 32 + 4096),
        ("SCNN", 32 + 64**3 / (16384 * 0.25)),
        ("OuterSPACE", 32 + 64**3 / 16384 * (1 + 6)),
        ("Eyeriss v2", 32 + 64**3 / (16384 * 0.5) + 64 * 64 / (16384 / 24)),
        ("Packed Systolic", 32 + 64 + 128 + 64),
        ("Cambricon-X", 32 + 64 * 1 * 4),
    ],
)
def test_sparse_accelerators_by_hand(name: str, expected: float) -> None:
    assert cycles(name, of_gemm(Gemm("", 64, 64, 64))) == pytest.approx(expected)


def test_every_accelerator_is_compared() -> None:
    rows: list[dict[str, Any]] = over_sparse_accelerators()
    assert len(rows) == 10
    assert all(set(row) == {"name", *ACCELERATORS} for row in rows)
    assert averages()["tflops_per_watt"] == averages()["sparse_speedup"] / 2
