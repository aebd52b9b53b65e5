"""``dotforge compare`` as a user runs it: exit codes, outputs, and a deliberate regression of area."""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from dotforge.arithmetic import heap

from ..reports.reports import placed, report


def test_a_regression_of_area_is_caught(
    dotforge: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = ["synth", "logmac", "-p", "lanes=2", "-p", "sum_bits=8"]
    assert dotforge(*small, "-o", "old.json").code == 0
    assert dotforge("compare", "old.json", "old.json", "--fail-on", "worse").code == 0

    # Full adders that a careless engineer writes: carry from three products and no sharing.
    whole = heap.full_adder
    monkeypatch.setattr(
        heap, "full_adder", lambda a, b, c: (whole(a, b, c)[0], (a & b & ~c) | (a & c & ~b) | (b & c))
    )
    assert dotforge(*small, "-o", "new.json").code == 0
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)

    failed = dotforge("compare", "old.json", "new.json", "--fail-on", "area>+1%", "--fail-on", "fmax<-5%")
    assert failed.code == 1
    assert "limit broken: area>+1%: logmac cmos lanes=2" in failed.err
    assert "limit 'fmax<-5%' met no figure that can be judged" in failed.err
    assert "transistors" in failed.out
    assert dotforge("compare", "old.json", "new.json").code == 0
    assert dotforge("compare", "old.json", "new.json", "--fail-on", "area>+500%").code == 0

    written = dotforge("compare", "old.json", "new.json", "--format", "markdown", "-o", "delta.md")
    assert written.code == 0
    assert "| transistors |" in Path("delta.md").read_text()
    assert json.loads(dotforge("compare", "old.json", "new.json", "--format", "json").out)["broken"] == []


def reports(directory: str, *each: dict[str, Any]) -> None:
    Path(directory).mkdir()
    for number, found in enumerate(each):
        Path(directory, f"{number}.json").write_text(json.dumps(found))


@pytest.mark.parametrize(
    ("old", "new", "limits", "code", "said"),
    [
        (placed(100), {**placed(100), "timing": None}, ["fmax<-10%"], 1, "fmax_mhz 100 → none"),
        (placed(100), placed(100), ["area>+2%"], 2, "limit 'area>+2%' met no figure"),
        (placed(100), placed(100), ["area>+2%", "luts>+2%"], 2, "limit 'area>+2%' met no figure"),
        (report(), report(engine="vsquant"), ["area>+2%"], 2, "engine logmac and vsquant"),
        (report(), report(engine="vsquant"), [], 2, "engine logmac and vsquant"),
        (
            report(),
            report(totals={"transistors": 1001}),
            ["fmax<-5%", "area>+1"],
            2,
            "limit 'fmax<-5%' met no",
        ),
    ],
)
def test_limits_that_judge_nothing(
    dotforge: Any, old: Any, new: Any, limits: list[str], code: int, said: str
) -> None:
    Path("old.json").write_text(json.dumps(old))
    Path("new.json").write_text(json.dumps(new))
    found = dotforge("compare", "old.json", "new.json", *(f"--fail-on={limit}" for limit in limits))
    assert found.code == code, found.err
    assert said in found.err
    assert found.err.count("\n") == 1


def test_no_configuration_in_common(dotforge: Any) -> None:
    reports("old", report())
    reports("new", report(parameters={"lanes": 4}))
    found = dotforge("compare", "old", "new", "--fail-on", "area>+2%", "--fail-on", "worse")
    assert found.code == 2
    assert "limit 'area>+2%' met nothing: no configuration is in both; limit 'worse' met nothing" in found.err
    assert dotforge("compare", "old", "new").code == 0
    assert dotforge("compare", "old", "new", "--fail-on", "area>+2%", "--fail-on", "vanished").code == 1


def test_the_limits_of_the_makefile(dotforge: Any) -> None:
    """Every limit judges something of the baseline, and a run without place and route is noticed."""
    root = Path(__file__).parents[2]
    text = (root / "Makefile").read_text().replace("\\\n", " ")
    given = shlex.split(next(line for line in text.splitlines() if line.startswith("LIMITS")).split(":=")[1])
    shutil.copytree(root / "reports", "new")
    compare = ["compare", root / "reports", "new", "--allow-different", "--format", "markdown", *given]
    done = dotforge(*compare)
    assert (done.code, done.err) == (0, "")
    for path in Path("new").glob("*/ecp5.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "timing": None}))
    done = dotforge(*compare)
    assert done.code == 1
    assert "fmax<-10%: logmac ecp5" in done.err
    # Not even if the baseline was refreshed so.
    assert "limit 'fmax<-10%' met no figure" in dotforge("compare", "new", "new", *given).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "a.json"], "Missing argument"),
        (["compare", "a.json", "b.json"], "cannot read a.json"),
        (["compare", "a.json", "b.json", "--fail-on", "area>2%"], "needs a sign"),
        (["compare", "a.json", "b.json", "--tolerance", "fmax"], "tolerance 'fmax'"),
        (["compare", "a.json", "b.json", "-o", "x.md"], "-o needs --format"),
    ],
)
def test_bad_input(dotforge: Any, arguments: list[str], said: str) -> None:
    result = dotforge(*arguments)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1
