"""Output for people: what a user or a file brought is printed as it is."""

import io
import sys

import pytest

from dotforge import console

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
