"""Functional coverage of benches: which bins there are, that they count, which of a small configuration are empty."""

import sys
from pathlib import Path
from typing import Any

import pytest

from dotforge.export.design import from_parameters
from dotforge.tools.files import data_directory
from dotforge.verify.verify import verify

from ..configurations import ENGINES, small

sys.path.append(str(data_directory("tb") / "support"))
import coverage_bins  # pyright: ignore[reportMissingImports]

#: Engine → bins that its bench cannot hit at the small configuration, or need not, and why.
_WIDE: dict[str, str] = {
    f"sums: sum {kind}": "sums of few beats do not reach the ends" for kind in ("least", "greatest")
}
EMPTY: dict[str, dict[str, str]] = {
    "logmac": _WIDE,
    "vsquant": _WIDE,
    "systolic": _WIDE,
    "mxdot": {},
    "requantise": {
        "activations: activation least": "codes are symmetric",
        "activations: beats in a row": "a vector takes several cycles",
    },
    "flexdpe": {
        **dict.fromkeys(("sums: value least", "sums: value greatest"), "sums are as wide as they could get"),
        "sums: complete zero": "where folds overlap, a beat holds a whole vector's sums",
    },
    "flexdpu": {
        **dict.fromkeys(("results_0: values least", "results_0: values greatest"), "sums are wide"),
        **dict.fromkeys(
            [f"jobs_0: {name} greatest" for name in ("rows", "size", "tag", "vectors", "windows")],
            "jobs of the bench are small",
        ),
        **dict.fromkeys(
            ("jobs_0: vectors zero", "jobs_0: windows zero"), "no job of the bench is without them"
        ),
        **dict.fromkeys(
            [f"results_0: {name} greatest" for name in ("block", "tag", "vector")],
            "jobs of the bench are small",
        ),
    },
}


@pytest.mark.parametrize(
    "engine",
    [pytest.param(engine, marks=() if engine == "logmac" else pytest.mark.slow) for engine in ENGINES],
)
def test_no_bin_is_empty_but_those_that_are_explained(engine: str, tmp_path: Path) -> None:
    found = verify(from_parameters(engine, small(engine)), tmp_path)["coverage"]
    assert len(found) >= 20
    assert {name for name, count in found.items() if not count} == set(EMPTY[engine])


def stream(direction: str, **fields: Any) -> dict[str, Any]:
    told = {"offset": 0, "lanes": 1, "signed": False, "format": "uint", "when": None}
    return {
        "name": "x",
        "direction": direction,
        "tlast": True,
        "fields": [{"name": name, **told, **field} for name, field in fields.items()],
    }


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    empty: dict[str, int] = {}
    monkeypatch.setattr(coverage_bins, "COUNTS", empty)
    return empty


def test_handshakes_are_counted(counts: dict[str, int]) -> None:
    bins = coverage_bins.StreamCoverage(stream("output", value={"width": 2}))
    assert set(counts.values()) == {0}
    bins.held(True)
    bins.held(False)
    bins.taken(3, True)
    bins.taken(0, False)
    bins.quiet()
    bins.taken(1, False)
    assert counts == {
        "x: beat": 3,
        "x: beats in a row": 1,
        "x: stalls": 2,
        "x: stalls where a packet ends": 1,
        "x: packet ends": 1,
        "x: value zero": 1,
        "x: value greatest": 1,
    }


def test_packets_of_one_beat_are_an_inputs(counts: dict[str, int]) -> None:
    bins = coverage_bins.StreamCoverage(stream("input", value={"width": 2}))
    for last in (True, False, True):
        bins.taken(1, last)
    assert (counts["x: packet of one beat"], counts["x: packet ends"]) == (1, 2)
    bins.quiet()
    bins.held(False)
    assert (counts["x: pauses"], counts["x: waits"]) == (1, 1)


def test_lanes_come_in_turn_and_only_where_they_mean_something(counts: dict[str, int]) -> None:
    fields = {
        "value": {"width": 4, "lanes": 2, "signed": True, "format": "int4", "when": "flag"},
        "flag": {"width": 1, "lanes": 2, "offset": 8},
    }
    bins = coverage_bins.StreamCoverage(stream("output", **fields))
    bins.taken(0b01_0000_1000, False)  # lane 0: −8
    bins.taken(0b01_0111_0000, False)  # lane 1: nothing
    bins.taken(0b01_0000_0111, False)  # lane 0: 7
    found = {kind: counts[f"x: value {kind}"] for kind in ("zero", "least", "greatest")}
    assert found == {"zero": 0, "least": 1, "greatest": 1}


@pytest.mark.parametrize(
    ("form", "width", "code", "kind"),
    [
        ("fp32", 32, 0x80000000, "zero"),
        ("fp32", 32, 0x00000001, "subnormal"),
        ("fp32", 32, 0xFF800000, "infinity"),
        ("fp32", 32, 0x7FC00000, "NaN"),
        ("fp8_e4m3", 8, 0x7F, "NaN"),
        ("bf16", 16, 0x7F80, "infinity"),
    ],
)
def test_kinds_of_numbers(counts: dict[str, int], form: str, width: int, code: int, kind: str) -> None:
    coverage_bins.StreamCoverage(stream("input", value={"width": width, "format": form})).taken(code, False)
    assert counts.pop(f"x: value {kind}") == 1
    assert not any(count for name, count in counts.items() if name.startswith("x: value"))
