"""``dotforge advise``: the ranking of small candidates on small matrices, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CANDIDATES = [
    {"engine": "vsquant", "size": {"lanes": 256}},
    {"engine": "systolic", "size": {"rows": "root", "columns": "root"}, "options": {"quantize": "scaled"}},
    {"engine": "mxdot", "parameters": {"lanes": 64}},
]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    random = np.random.default_rng(1)
    np.save(tmp_path / "a.npy", random.normal(size=(10, 64)))
    np.save(tmp_path / "b.npy", random.normal(size=(64, 9)))
    (tmp_path / "c.json").write_text(json.dumps(CANDIDATES))
    return ["advise", "--a", "a.npy", "--b", "b.npy", "--multipliers", "4", "--candidates", "c.json"]


def test_a_ranking(dotforge: Any, given: list[str], tmp_path: Path) -> None:
    done = dotforge(*given, "--sqnr", 30, "--prune", 0.5, "-o", "out", "--json", "s.json")
    assert done.code == 0, done.err
    told = json.loads((tmp_path / "s.json").read_text())
    first, second = told["candidates"]
    assert told["status"] == "ok"
    assert told["chosen"] == first
    assert (first["engine"], first["reaches"], second["engine"], second["reaches"]) == (
        "systolic", True, "vsquant", False,
    )  # fmt: skip
    assert first["area_cycles"] == first["transistors"] * first["cycles"]
    assert second["cycles"] == 10 * 9 * 16 + 1
    assert first["checked"] == {
        "shape": {"m": 8, "k": 64, "n": 8}, "mismatches": 0, "verilog_sha256": first["verilog_sha256"],
    }  # fmt: skip
    assert told["failed"][0]["reason"].startswith("parameter lanes=64")
    assert 0 < told["pruned_sqnr_db"] < 20
    assert first["commands"]["generate"] in done.out
    assert "not assessed: mxdot lanes=64" in done.out
    record = json.loads((tmp_path / "out/advise.json").read_text())
    assert record["chosen"] == told["chosen"]
    assert sorted(record["files"]) == ["index.html", "results.csv"]

    # Nobody reaches more than there is: what was found is told, and nothing is chosen.
    none = dotforge(*given, "--sqnr", 60, "--check", 0, "--json", "-")
    assert none.code == 1
    printed = json.loads(none.out)
    assert (printed["status"], printed["chosen"], len(printed["candidates"])) == ("failed", None, 2)
    assert printed["reason"].startswith("no candidate reaches 60 dB: the most is")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--sqnr", "nan"], "nan"),
        (["--prune", "1"], "1"),
        (["--multipliers", "2"], "2"),
        (["--power"], "power"),
        (["--target", "none"], "none"),
        (["--candidates", "absent.json"], "absent.json"),
        (["--b", "absent.npy"], "absent.npy"),
        (["--b", "a.npy"], "A's columns must be B's rows"),
        (["--json", "a.npy"], "a.npy"),
        (["-o", "out", "--json", "out/advise.json"], "-o writes that file already"),
    ],
)
def test_bad_input(dotforge: Any, given: list[str], more: list[str], message: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    done = dotforge(*given, *more)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
