"""Files are whole or not there."""

import os
from pathlib import Path

import pytest

from dotforge.tools import files


def test_writes(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"x": 1})
    assert files.read_json(tmp_path / "a.json") == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write_text(tmp_path / "a", "old")

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(files.OutputError, match="No space left"):
        files.write_text(tmp_path / "a", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("where", ["missing/a", "file/a"])
def test_nowhere_to_write(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(files.OutputError, match="cannot write"):
        files.write_text(tmp_path / where, "text")


@pytest.mark.parametrize("text", [None, "", "{", "\x00"])
def test_not_json(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(files.OutputError, match=r"cannot read|is not JSON"):
        files.read_json(path)


def test_a_directory_is_replaced_only_if_it_was_generated(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for content in ("first", "second"):
        with files.write_directory(target) as directory:
            (directory / "manifest.json").write_text(content)
    assert (target / "manifest.json").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    (target / "manifest.json").unlink()
    (target / "thesis.tex").touch()
    with pytest.raises(files.OutputError, match="not empty"), files.write_directory(target):
        pass
    assert (target / "thesis.tex").exists()


def test_an_interrupted_directory_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), files.write_directory(tmp_path / "out") as directory:
        (directory / "half").touch()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
