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


def test_writes_through_links_and_into_devices(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    files.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    (tmp_path / "sink").symlink_to(os.devnull)
    files.write_text(tmp_path / "sink", "text")
    assert Path(os.devnull).is_char_device()


def test_reads_json_with_a_byte_order_mark_and_each_key_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('\ufeff{"x": {"y": 1}}')
    assert files.read_json(tmp_path / "a.json") == {"x": {"y": 1}}
    (tmp_path / "a.json").write_text('{"x": {"y": 1, "y": 2}}')
    with pytest.raises(files.OutputError, match="key 'y' is there more than once"):
        files.read_json(tmp_path / "a.json")
