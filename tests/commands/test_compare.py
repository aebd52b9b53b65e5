"""``dotforge compare`` as a user runs it: exit codes, outputs, and a deliberate regression of area."""

import json
from pathlib import Path
from typing import Any

import pytest

from dotforge.arithmetic import heap


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
    assert "transistors" in failed.out
    assert dotforge("compare", "old.json", "new.json").code == 0
    assert dotforge("compare", "old.json", "new.json", "--fail-on", "area>+500%").code == 0

    written = dotforge("compare", "old.json", "new.json", "--format", "markdown", "-o", "delta.md")
    assert written.code == 0
    assert "| transistors |" in Path("delta.md").read_text()
    assert json.loads(dotforge("compare", "old.json", "new.json", "--format", "json").out)["broken"] == []


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
