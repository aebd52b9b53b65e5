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


def test_layers_of_a_checkpoint(dotforge: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    weights: dict[str, Any] = {f"layer.{n}": random.normal(size=(5, 32)) for n in (1, 2)}
    activations: dict[str, Any] = {f"layer.{n}": random.normal(size=(2 + n, 32)) for n in (1, 2)}
    np.savez(tmp_path / "w.npz", **weights, bias=np.ones(5))
    np.savez(tmp_path / "a.npz", **activations)
    wide = {"engine": "mxdot", "parameters": {"lanes": 64}}
    (tmp_path / "c.json").write_text(json.dumps([wide, CANDIDATES[0]]))
    given = ["--a", "a.npz:*", "--tensors", "w.npz:layer.*.T", "--multipliers", "4", "--candidates", "c.json"]
    done = dotforge("advise", *given, "--sqnr", 5, "--prune", 0.1, "-o", "out", "--json", "s.json")
    assert done.code == 0, done.err
    told = json.loads((tmp_path / "s.json").read_text())
    assert json.loads((tmp_path / "out/advise.json").read_text())["layers"] == told["layers"]
    (total,), layers = told["candidates"], told["layers"]
    assert [(each["a"], each["b"], each["shape"]) for each in layers] == [
        (f"a.npz:layer.{n}", f"w.npz:layer.{n}.T", {"m": 2 + n, "k": 32, "n": 5}) for n in (1, 2)
    ]
    own = [each["candidates"][0] for each in layers]
    for name in ("cycles", "operand_bits", "area_cycles"):
        assert total[name] == sum(each[name] for each in own)
    assert total["sqnr_db"] == pytest.approx(min(each["sqnr_db"] for each in own), abs=1e-3)
    assert total["mean_sqnr_db"] == pytest.approx(sum(each["sqnr_db"] for each in own) / 2, abs=1e-3)
    assert [each["checked"]["mismatches"] for each in own] == [0, 0]
    assert all(each["pruned_sqnr_db"] > 10 for each in layers)
    assert told["chosen"] == total
    assert total["commands"]["generate"] in done.out
    assert "layer.2.T  4×32×5" in done.out
    assert told["failed"][0]["reason"].startswith("w.npz:layer.1.T: parameter lanes=64")
    assert len((tmp_path / "out/layers.csv").read_text().splitlines()) == 3
    written = sorted(each.name for each in (tmp_path / "out").iterdir())
    assert written == ["advise.json", "index.html", "layers.csv", "layers.html", "results.csv"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--b", "b.npy", "--tensors", "b.npy"], "one of --b and --tensors is wanted"),
        ([], "one of --b and --tensors is wanted"),
        (["--tensors", "w.npz:x*"], "w.npz has no x*; near are "),
        (["--tensors", "w.npz:*"], "w.npz:two: A is 10×64 and B is 3×5: A's columns must be B's rows"),
        (["--tensors", "absent.txt"], "absent.txt does not exist"),
    ],
)
def test_bad_lists(dotforge: Any, given: list[str], more: list[str], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", one=np.ones((64, 2)), two=np.ones((3, 5)))
    done = dotforge("advise", "--a", "a.npy", *more, "-o", "out")
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


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
