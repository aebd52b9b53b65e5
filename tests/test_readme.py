"""What README tells a new user to type works as it stands there."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def commands() -> list[list[str]]:
    block = re.search(
        r"```console\n(\$ dotforge .*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S
    )
    assert block is not None
    return [shlex.split(line.removeprefix("$ "), comments=True) for line in block[1].splitlines()]


def call(words: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dotforge", *words[1:]],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_commands_run(tmp_path: Path) -> None:
    first, second = commands()[:2]
    assert (first[1], second[1]) == ("example", "run")
    for words in (first, second):
        done = call(words, tmp_path)
        assert done.returncode == 0, done.stderr
    assert "0 mismatches" in done.stderr


@pytest.mark.slow
def test_all_commands_run_in_order(tmp_path: Path) -> None:
    """Those of one engine, as they follow each other."""
    listed = commands()
    assert {words[1] for words in listed} == {
        "example", "run", "generate", "verify", "synth", "compare", "sweep", "board"
    }  # fmt: skip
    for words in listed:
        done = call(words, tmp_path)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


def test_extras_are_named() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall("`([a-z0-9]+)`", row)}
    for name in extras:
        assert name.startswith("test") or name in named
