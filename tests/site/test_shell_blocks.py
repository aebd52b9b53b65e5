"""Every command in the documentation works as it stands there, or says why it is not run.

A block of commands is fenced with ``sh``, or with ``console`` where it shows what ``$ command`` prints, which is then
compared. ``<!-- exit N -->`` before it says with which code its last command ends,
``<!-- not run: REASON -->`` that nobody tries it here, ``<!-- needs PACKAGE -->`` that it runs where that is
installed: a page of which something was left out is skipped, and says how much. The blocks of a page run in order, in
one empty directory.
"""

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Pages with commands; README's are run by ``test_readme.py``.
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]

#: Pages that run by default; the others are slow.
QUICK = {"reference/exit_codes.md"}

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A block of a page: its language, its text, and what the comment before it says."""

    language: str
    text: str
    mark: str

    @property
    def runs(self) -> bool:
        return self.language in ("sh", "console") and not self.mark.startswith("not run: ")

    @property
    def lacks(self) -> str:
        """The package that it needs and that is not there, nothing otherwise."""
        package = self.mark.removeprefix("needs ") if self.mark.startswith("needs ") else ""
        return package if package and importlib.util.find_spec(package) is None else ""

    @property
    def script(self) -> str:
        if self.language == "sh":
            return self.text
        return "\n".join(line[2:] for line in self.text.splitlines() if line.startswith("$ "))

    @property
    def printed(self) -> list[str]:
        if self.language == "sh":
            return []
        return [line for line in self.text.splitlines() if not line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(found["language"], found["text"], found["mark"] or "") for found in _BLOCK.finditer(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_told_from_other_blocks(page: Path) -> None:
    for block in blocks(page):
        commands = re.search(r"^(\$ )?(dotforge|make|pip|python3?) ", block.text, re.M)
        assert block.language in ("sh", "console") or not commands, f"{page}: fence commands as sh"
        if block.mark.startswith("not run"):
            assert re.fullmatch(r"not run: \S.{5,}", block.mark), f"{page}: {block.mark}: say why"
        elif block.mark.startswith("needs"):
            assert re.fullmatch(r"needs \w+", block.mark), f"{page}: {block.mark}: name a package"


def pages() -> list[object]:
    found = []
    for page in PAGES:
        if page.name != "README.md" and any(block.runs for block in blocks(page)):
            name = str(page.relative_to(ROOT)).removeprefix("docs/")
            found.append(pytest.param(page, id=name, marks=() if name in QUICK else pytest.mark.slow))
    return found


@pytest.mark.parametrize("page", pages())
def test_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "dotforge"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dotforge "$@"\n')
    program.chmod(0o755)
    (tmp_path / "work").mkdir()
    path = os.pathsep.join([str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    ran, lacking = 0, []
    for block in blocks(page):
        if block.runs and block.lacks:
            lacking.append(block.lacks)
        elif block.runs:
            wanted = int(block.mark.removeprefix("exit ")) if block.mark.startswith("exit ") else 0
            done = subprocess.run(
                ["sh", "-e", "-c", block.script],
                cwd=tmp_path / "work", capture_output=True, text=True, check=False, env={**os.environ, "PATH": path},
            )  # fmt: skip
            assert done.returncode == wanted, f"{block.text}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr
            for line in block.printed:
                assert line in done.stdout + done.stderr
            ran += 1
    assert ran
    if lacking:
        pytest.skip(
            f"needs {', '.join(sorted(set(lacking)))}: {len(lacking)} blocks of {page.name} did not run"
        )


def test_python_of_the_tutorial_runs(tmp_path: Path) -> None:
    """What is not fenced as sh is not run: the one Python script of the tutorial is."""
    (script,) = [block.text for block in blocks(ROOT / "docs" / "tutorial.md") if block.language == "python"]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "[[4. 4.]" in done.stdout


def test_marks_are_read() -> None:
    found = [
        Block(each["language"], each["text"], each["mark"] or "")
        for each in _BLOCK.finditer(
            "<!-- exit 2 -->\n```sh\nfalse\n```\n<!-- not run: needs it -->\n```sh\nx\n```\n```\ny\n```\n"
        )
    ]
    assert [(block.mark, block.runs) for block in found] == [
        ("exit 2", True), ("not run: needs it", False), ("", False)
    ]  # fmt: skip
    assert [Block("sh", "x", f"needs {name}").lacks for name in ("json", "no_such")] == ["", "no_such"]
