"""``dotforge sweep`` as a user runs it."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest


def test_sweep(dotforge: Any, tmp_path: Path) -> None:
    command = ["sweep", "logmac", "-p", "lanes=1,2", "-p", "sum_bits=8", "-o", "out"]
    done = dotforge(*command)
    assert done.code == 0, done.err
    assert "2 reports (0 of them from before), 0 failed" in done.err
    assert "logmac on cmos: configurations: 2 of 2" in done.err
    with Path("out/results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["lanes"] for row in rows] == ["1", "2"]
    assert int(rows[0]["transistors"]) < int(rows[1]["transistors"])
    assert Path("out/index.html").stat().st_size < 2_000_000
    assert "2 reports (2 of them from before), 0 failed" in dotforge(*command).err

    # What `synth` says of the same configuration, and `compare` takes the directory.
    assert dotforge("synth", "logmac", "-p", "lanes=2", "-p", "sum_bits=8", "-o", "one.json").code == 0
    assert json.loads(Path("one.json").read_text())["totals"]["transistors"] == int(rows[1]["transistors"])
    assert "2 configurations compared" in dotforge("compare", "out", "out").out


def test_a_configuration_that_fails(dotforge: Any, tmp_path: Path) -> None:
    Path("bad.lib").write_text(
        'library (bad) {\n  cell (DFF) {\n    area : 4;\n    ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }\n'
        "    pin (C) { direction : input; clock : true; }\n    pin (D) { direction : input; }\n"
        '    pin (Q) { direction : output; function : "IQ"; }\n  }\n}\n'
    )
    done = dotforge("sweep", "logmac", "-p", "lanes=1", "--target", "liberty:bad.lib", "-o", "out")
    assert done.code == 1
    assert "failed: lanes=1" in done.err
    assert json.loads(Path("out/failures.json").read_text())[0]["error"].startswith("YosysError")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sweep", "logmac", "-o", "x", "-p", "lanes"], "is not of the form name=value,value"),
        (["sweep", "logmac", "-o", "x", "-p", "lanes=1,,2"], "is not of the form name=value,value"),
        (["sweep", "logmac", "-o", "x", "-p", "lanes=1", "-p", "lanes=2"], "given 2 times"),
        (["sweep", "logmac", "-o", "x", "-p", "lanes=1,999"], "parameter lanes=999: allowed 1…256"),
        (["sweep", "logmac", "-o", "x", "--list", "none.json"], "cannot read none.json"),
        (["sweep", "logmac", "-o", "x", "--target", "vacuum"], "vacuum"),
        (["sweep", "logmac", "-o", "x", "--target", "liberty:none.lib"], "cannot read none.lib"),
        (["sweep", "nothing", "-o", "x"], "engine nothing"),
        (["sweep", "logmac", "-o", "x", "--with", "none.json"], "cannot read none.json"),
        (["sweep", "logmac"], "Missing option"),
    ],
)
def test_bad_input(dotforge: Any, arguments: list[str], said: str) -> None:
    result = dotforge(*arguments)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1
    assert not Path("x").exists()


def test_a_parameter_that_is_given_twice(dotforge: Any) -> None:
    Path("list.csv").write_text("lanes\n4\n")
    result = dotforge("sweep", "logmac", "-o", "x", "--list", "list.csv", "-p", "lanes=8")
    assert result.code == 2
    assert "parameter lanes is given by -p and in list.csv" in result.err
    assert not Path("x").exists()


def test_one_configuration_fits_a_terminal(dotforge: Any) -> None:
    done = dotforge("sweep", "logmac", "-p", "lanes=1", "-p", "sum_bits=8", "-o", "out")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert ["lanes", "1"] in [line.split() for line in lines]
    assert any(line.split()[0] == "transistors" for line in lines)


def test_dask_is_looked_for_before_anything_is_made(
    dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = dotforge("sweep", "logmac", "-p", "lanes=1", "-o", "out", "--dask", "tcp://localhost:1")
    assert (result.code, result.err) == (2, "dotforge: --dask needs Dask: pip install 'dotforge[dask]'\n")
    assert list(tmp_path.iterdir()) == []
