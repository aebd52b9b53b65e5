"""Sample operands run as they are, on every engine that multiplies."""

import importlib.util
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from dotforge.registry import names

RUNS = [name for name in names() if importlib.util.find_spec(f"dotforge_sim.run.{name}")]

#: Another configuration of each engine: other codes and widths.
AWKWARD = {
    "logmac": ["-p", "weight_code=log:2:2", "-p", "lanes=2"],
    "vsquant": ["-p", "sparsity=2:4", "-p", "lanes=4"],
    "mxdot": ["-p", "weight_format=mxfp8_e4m3", "-p", "lanes=2"],
    "flexdpe": ["-p", "format=bf16", "-p", "lanes=4"],
    "systolic": ["-p", "format=bf16", "-p", "rows=2", "-p", "columns=2"],
}


def run(dotforge: Any, *arguments: str) -> dict[str, Any]:
    made = dotforge("example", *arguments)
    assert made.code == 0, made.err
    command = shlex.split(made.out)
    assert command[0] == "dotforge"
    result = dotforge(*command[1:])
    assert result.code == 0, result.err
    return json.loads(Path(command[-1]).read_text())


@pytest.mark.parametrize("engine", RUNS)
def test_operands_run(dotforge: Any, tmp_path: Path, engine: str) -> None:
    report = run(dotforge, engine, "-o", "build/operands")
    assert report["shape"] == {"m": 32, "k": 64, "n": 32}
    assert report["mismatches"] == 0
    assert report["useful_macs"] > 0
    assert (tmp_path / "build/operands/C.npy").is_file()
    if engine == "flexdpe":
        b = scipy.sparse.load_npz(tmp_path / "build/operands/B.npz")
        assert b.nnz == pytest.approx(0.2 * 64 * 32, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("engine", RUNS)
def test_operands_of_other_formats_run(dotforge: Any, engine: str) -> None:
    sizes = ["--m", "5", "--k", "32", "--n", "3", "--sparsity", "0.5"]
    report = run(dotforge, engine, *AWKWARD[engine], *sizes, "-o", "operands")
    assert report["shape"] == {"m": 5, "k": 32, "n": 3}
    assert report["nonzeros"]["b"] <= 49  # what rounds to zero is no more
    assert report["mismatches"] == 0


def test_the_same_seed_gives_the_same_files(dotforge: Any, tmp_path: Path) -> None:
    contents = []
    for seed in ("7", "7", "8"):
        for path in tmp_path.glob("operands/*"):
            path.unlink()
        assert dotforge("example", "flexdpe", "--seed", seed, "-o", "operands").code == 0
        contents.append([path.read_bytes() for path in sorted(tmp_path.glob("operands/*"))])
    assert contents[0] == contents[1] != contents[2]
    assert dotforge("example", "flexdpe", "--seed", "8", "-o", "operands").code == 0


def test_files_of_the_user_stay(dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "B.npy", np.eye(3))
    before = (tmp_path / "B.npy").read_bytes()
    result = dotforge("example", "logmac", "-o", ".")
    assert result.code == 2
    assert "cannot write B.npy" in result.err
    assert (tmp_path / "B.npy").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["B.npy"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["requantise", "-o", "x"],
            "requantise has no `dotforge run`; sample operands are for flexdpe, flexdpu, logmac",
        ),
        (["nomac", "-o", "x"], "engine nomac: allowed are"),
        (["logmac", "-p", "lanes=0", "-o", "x"], "lanes=0"),
        (["logmac", "--sparsity", "1.5", "-o", "x"], "1.5"),
        (["logmac", "-o", "file/x"], "cannot write file/x"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_refuses(dotforge: Any, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "file").touch()
    result = dotforge("example", *arguments)
    assert result.code == 2
    assert said in result.err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
