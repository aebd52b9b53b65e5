"""Output for people: what a user or a file brought is printed as it is."""

import io
import sys
from pathlib import Path

import pytest

import dotforge
from dotforge import console
from dotforge.cli import main
from dotforge.parameters import ParameterError, as_given

#: Each is markup or an emoji to a library that prints tables.
AWKWARD = ("log:X:Y", "[bold]8[/bold]", "[/]", ":smile:", "a:x:b", "[link=file]", "\\[x]", "[3]", "0…7")


def test_tables_print_cells_and_headings_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(AWKWARD, [AWKWARD, [None] * len(AWKWARD)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(AWKWARD)
    assert lines[1].split() == list(AWKWARD)
    assert not lines[2].strip()


@pytest.mark.parametrize("text", AWKWARD)
def test_progress_prints_its_name_as_it_is(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with console.progress(text) as tell:
        tell(1, 2)
    assert text in terminal.getvalue()


def test_progress_is_lines_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("work") as tell:
        for done in range(101):
            tell(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "work: 0 of 100"
    assert lines[-1] == "work: 100 of 100"
    assert len(lines) == 11


def test_say_prints_a_line_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for text in AWKWARD:
        console.say(text)
    assert capsys.readouterr().err.splitlines() == list(AWKWARD)


def test_booleans_are_printed_as_they_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["fold_sign", "lanes"], [[True, 1], [False, None]])
    assert capsys.readouterr().out.split() == ["fold_sign", "lanes", "true", "1", "false"]
    assert [as_given(value) for value in (True, False, 1, "auto")] == ["true", "false", "1", "auto"]
    with pytest.raises(ParameterError, match=r"^parameter fold_signs=true: allowed are"):
        dotforge.engine("logmac", fold_signs=True)
    with pytest.raises(ParameterError, match=r"^parameter lanes=true: allowed 1…256"):
        dotforge.engine("logmac", lanes=True)


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    console.be_quiet(True)
    try:
        console.say("working")
        with console.progress("work") as tell:
            tell(1, 2)
        console.table(["a"], [[1]])
    finally:
        console.be_quiet(False)
    printed = capsys.readouterr()
    assert (printed.out.split(), printed.err) == (["a", "1"], "")
    console.say("working")
    assert capsys.readouterr().err == "working\n"


def test_quiet_commands(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one command alone: the next one in this process speaks again. Errors are said."""

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["dotforge", *words])
        with pytest.raises(SystemExit):
            main()
        return capsys.readouterr().err

    size = ("--m", "1", "--k", "4", "--n", "1", "-o", str(tmp_path / "o"))
    assert run("--quiet", "example", "logmac", *size) == ""
    assert "A.npy: 1×4" in run("example", "logmac", *size)
    assert run("-q", "list", "nothing").startswith("dotforge: engine nothing")
