"""``dotforge estimate``."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse


def _json(result: Any) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_fields_are_those_of_a_run(dotforge: Any) -> None:
    found = _json(
        dotforge("estimate", "--shape", "64,32,48", "--density-a", "0.5", "-p", "lanes=8", "--json", "-")
    )
    assert list(found)[:18] == [
        "model", "name", "engine", "parameters", "shape", "stationary", "nonzeros", "folds", "useful_macs", "cycles",
        "stationary_utilisation", "compute_efficiency", "overall_efficiency", "mismatches", "accumulated_by",
        "verilog_sha256", "wall_seconds", "seed",
    ]  # fmt: skip
    assert found["engine"] == "flexdpe" and found["model"] == "exact" and found["seed"] == 1
    assert found["parameters"]["lanes"] == 8
    assert found["shape"] == {"m": 64, "k": 48, "n": 32}
    assert found["useful_macs"] == 64 * 32 * 48 // 2
    assert found["cycles"]["total"] == sum(found["cycles"][name] for name in ("loading", "streaming", "add"))


def test_matrices_stay_sparse(dotforge: Any, tmp_path: Path) -> None:
    """Two million by two million with a few nonzeros: dense it would not fit."""
    side = 1 << 21
    a = scipy.sparse.coo_array(([1.0, 2.0, 3.0], ([0, 5, 9], [7, 7, side - 1])), shape=(side, side))
    b = scipy.sparse.coo_array(([1.0, 1.0], ([7, 8], [0, 3])), shape=(side, 4))
    scipy.sparse.save_npz(tmp_path / "A.npz", a)
    scipy.sparse.save_npz(tmp_path / "B.npz", b)
    for model in ("exact", "paper", "systolic"):
        found = _json(
            dotforge(
                "estimate",
                "--model",
                model,
                "--a",
                "A.npz",
                "--b",
                "B.npz",
                "--stationary",
                "a",
                "--json",
                "-",
            )
        )
        assert found["nonzeros"] == {"a": 3, "b": 2}
        assert found["useful_macs"] == 2
        if model == "exact":
            assert (found["folds"], found["cycles"]["streaming"]) == (1, 4)


def test_real_matrices_count_like_the_run(dotforge: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    a, b = (rng.integers(-3, 4, shape) * (rng.random(shape) < 0.4) for shape in ((20, 30), (30, 9)))
    np.save(tmp_path / "A.npy", a)
    np.save(tmp_path / "B.npy", b)
    arguments = ("--a", "A.npy", "--b", "B.npy", "--stationary", "a", "-p", "lanes=8", "--json", "-")
    found = _json(dotforge("estimate", "flexdpe", *arguments))
    from dotforge_sim.models import flexdpe as model  # noqa: PLC0415

    cycles, folds = model.exact(found["parameters"], a != 0, (b != 0).T)
    assert (found["cycles"]["total"], found["folds"]) == (cycles.total, folds)
    assert found["useful_macs"] == int(((a != 0).astype(int) @ (b != 0)).sum())


def test_a_list_of_products(dotforge: Any, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,m,n,k,density_a\nfirst,8,9,10,0.5\nsecond,1,1,1,\n")
    found = _json(dotforge("estimate", "--model", "paper", "--workloads", "list.csv", "--json", "-"))
    assert [row["name"] for row in found] == ["first", "second"]
    assert found[0]["nonzeros"] == {"a": 40, "b": 90}
    ten = _json(
        dotforge("estimate", "--model", "paper", "--workloads", "paper", "--density-a", ".2", "--json", "-")
    )
    assert len(ten) == 10 and ten[4]["nonzeros"]["a"] == 102_400_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no product is given"),
        (["nomac", "--shape", "1,2,3"], "engine nomac: allowed are"),
        (["logmac", "--shape", "1,2,3"], "engine logmac has no exact cycle model"),
        (["--shape", "1,2"], "M,N,K is allowed"),
        (["--shape", "1,0,2"], "N = '0': allowed 1…2^40"),
        (["--shape", "1,-1,2"], "allowed 1…2^40"),
        (["--shape", "1,2,3", "--density-a", "1.01"], "--density-a 1.01: allowed 0…1"),
        (["--shape", "1,2,3", "--density-b", "nan"], "--density-b 'nan': a number from 0 to 1"),
        (["--shape", "1,2,3", "--workloads", "paper"], "--shape and --workloads are given"),
        (["--a", "A.npy"], "--a is given alone"),
        (["--a", "A.npy", "--b", "B.npy"], "A: A.npy does not exist"),
        (["--shape", "1,2,3", "--multipliers", "4"], "--multipliers goes with --model paper, systolic"),
        (["--model", "paper", "--shape", "1,2,3", "--seed", "4"], "--seed goes with --model exact"),
        (
            ["--model", "paper", "--shape", "1,2,3", "--multipliers", "5"],
            "multipliers 5: allowed are powers of two",
        ),
        (["--model", "systolic", "--shape", "1,2,3", "--array", "4"], "R,C is allowed"),
        (["--model", "systolic", "--shape", "1,2,3", "--multipliers", "8"], "--array R,C gives others"),
        (["--workloads", "missing.csv"], "cannot read missing.csv"),
        (["--workloads", "bad.csv"], "row 2: k missing"),
        (["--workloads", "unknown.csv"], "depth is unknown"),
        (["--workloads", "empty.csv"], "has no rows"),
        (["--workloads", "bad.json"], "is not JSON"),
    ],
)
def test_bad_input(dotforge: Any, tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "bad.csv").write_text("name,m,n,k\nfirst,8,9,\n")
    (tmp_path / "unknown.csv").write_text("name,m,n,k,depth\nfirst,8,9,4,3\n")
    (tmp_path / "empty.csv").write_text("name,m,n,k\n")
    (tmp_path / "bad.json").write_text("[{]")
    result = dotforge("estimate", *arguments)
    assert result.code == 2
    assert result.err.count("\n") == 1 and words in result.err
