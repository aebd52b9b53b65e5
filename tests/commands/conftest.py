"""Runs the command line as a user does, but in this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dotforge.cli import main


@dataclass(frozen=True)
class Result:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


Dotforge = Callable[..., Result]


@pytest.fixture
def dotforge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Dotforge:
    """Return a function that runs ``dotforge`` with some arguments, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    # In this process modules are broken on purpose, which no file tells.
    monkeypatch.setattr("dotforge.export.stored.use", lambda: None)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["dotforge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else 1, printed.out, printed.err)

    return run
