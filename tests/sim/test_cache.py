"""The cache of simulators: what is damaged is made again, and what cannot be used is said in one line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dotforge_sim.simulator import cache


def make(directory: Path) -> None:
    (directory / "simulator").write_text("#!/bin/sh\necho whole\n")
    (directory / "simulator").chmod(0o755)
    (directory / "unit.o").write_bytes(b"object")


def delete(entry: Path) -> None:
    (entry / "simulator").unlink()


def empty(entry: Path) -> None:
    (entry / "simulator").write_bytes(b"")


def truncate(entry: Path) -> None:
    (entry / "unit.o").write_bytes(b"obj")


def forbid(entry: Path) -> None:
    (entry / "simulator").chmod(0o644)


def unseal(entry: Path) -> None:
    (entry / "sealed.json").write_text("{")


@pytest.mark.parametrize("damage", [delete, empty, truncate, forbid, unseal])
def test_what_is_damaged_is_made_again(
    damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path))
    made: list[Path] = []

    def counted(directory: Path) -> None:
        made.append(directory)
        make(directory)

    entry = cache.entry("model", counted)
    assert cache.entry("model", counted) == entry
    assert len(made) == 1
    damage(entry)
    assert cache.entry("model", counted) == entry
    assert len(made) == 2
    assert (entry / "simulator").read_text().endswith("whole\n")
    assert os.access(entry / "simulator", os.X_OK)
    assert (entry / "unit.o").read_bytes() == b"object"
    assert not list(tmp_path.glob("making-*"))


def test_a_file_system_that_runs_no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a noexec mount a program has its bits, and yet may not be run."""
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path))
    monkeypatch.setattr(cache.os, "access", lambda path, mode: mode != os.X_OK)
    with pytest.raises(cache.CacheError, match=r"runs no programs \(noexec\): set DOTFORGE_CACHE"):
        cache.entry("model", make)


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path / "file"))
    with pytest.raises(cache.CacheError, match=r"cannot write the cache .*file \(DOTFORGE_CACHE\)"):
        cache.root()
