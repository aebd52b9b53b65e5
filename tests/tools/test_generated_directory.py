"""A generated directory is whole or as it was, and what others put there stays."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dotforge.tools import generated_directory
from dotforge.tools.files import OutputError
from dotforge.tools.generated_directory import write_directory


def fill(target: Path, **files: str) -> None:
    """Write files, ``a__b`` into a directory."""
    with write_directory(target) as directory:
        (directory / "manifest.json").write_text(json.dumps({"engine": "none", "text": sorted(files)}))
        for name, text in files.items():
            path = directory / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)


def there(target: Path) -> dict[str, str]:
    return {
        path.relative_to(target).as_posix(): path.read_text()
        for path in target.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_replaces_what_it_wrote_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    fill(target, a="1", b="2", bench__c="3", old__d="4")
    (target / "mine").write_text("mine")
    (target / "bench" / "mine").write_text("mine")
    fill(target, a="5", new="6")
    assert there(target) == {"a": "5", "new": "6", "mine": "mine", "bench/mine": "mine"}
    assert not (target / "old").exists()
    assert [path.name for path in target.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("change", ["text", "link", "directory"])
def test_a_file_that_was_changed(change: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    fill(target, a="1", b="2")
    (target / "b").unlink()
    if change == "text":
        (target / "b").write_text("tuned")
    elif change == "link":
        (tmp_path / "elsewhere").write_text("2")
        (target / "b").symlink_to(tmp_path / "elsewhere")
    else:
        (target / "b").mkdir()
    before = there(target)
    with pytest.raises(OutputError, match=r"out/b: it (was changed since|is a directory)"):
        fill(target, a="3", b="4")
    assert there(target) == before
    fill(target, a="3")  # there is no new one: it is kept
    assert (target / "b").exists()
    with pytest.raises(OutputError, match=r"out/b: it is (there, and not from|a directory)"):
        fill(target, a="3", b="4")


def test_a_foreign_file_in_the_place_of_a_new_one(tmp_path: Path) -> None:
    target = tmp_path / "out"
    fill(target, a="1")
    (target / "b").write_text("mine")
    with pytest.raises(OutputError, match="out/b: it is there, and not from `dotforge generate`"):
        fill(target, a="2", b="2")
    assert there(target) == {"a": "1", "b": "mine"}


def test_a_directory_that_leads_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "out"
    fill(target, bench__c="3")
    (target / "bench").rename(tmp_path / "benches")
    (target / "bench").symlink_to(tmp_path / "benches")
    with pytest.raises(OutputError, match=r"out/bench is no directory"):
        fill(target, bench__c="4")
    fill(target)
    assert (tmp_path / "benches" / "c").read_text() == "3"


@pytest.mark.parametrize(
    "manifest",
    [
        '{"manifest_version": 3, "name": "extension", "version": "1.0"}',
        '{"files": {"manifest.json": null, "a": null}}',
        '{"files": ["a"]}',
        '{"files": {"../b": null}}',
        "[]",
        "{",
        "",
    ],
)
def test_a_manifest_of_others(manifest: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "manifest.json").write_text(manifest)
    (target / "a").write_text("mine")
    with pytest.raises(OutputError, match=r"its manifest\.json is not from `dotforge generate`"):
        fill(target, a="1")
    assert there(target) == {"a": "mine"}
    assert (target / "manifest.json").read_text() == manifest


def test_a_manifest_that_was_changed(tmp_path: Path) -> None:
    fill(tmp_path / "out", a="1")
    described = json.loads((tmp_path / "out" / "manifest.json").read_text())
    (tmp_path / "out" / "manifest.json").write_text(json.dumps({**described, "note": "mine"}))
    with pytest.raises(OutputError, match="or was changed since"):
        fill(tmp_path / "out", a="2")


def test_a_directory_that_was_not_generated(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(OutputError, match="not empty and was not generated"):
        fill(tmp_path, a="1")
    with pytest.raises(OutputError, match="it is a file"):
        fill(tmp_path / "thesis.tex", a="1")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inode = tmp_path.stat().st_ino
    for text in ("1", "2"):
        fill(Path(), a=text)
        assert there(tmp_path) == {"a": text}
        assert {path.name for path in tmp_path.iterdir()} == {"a", "manifest.json"}
    assert tmp_path.stat().st_ino == inode


def test_a_link_to_a_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    (tmp_path / "later").symlink_to("made")
    for text in ("1", "2"):
        fill(tmp_path / "out", a=text)
        fill(tmp_path / "later", a=text)
        assert there(tmp_path / "real") == there(tmp_path / "made") == {"a": text}
    assert (tmp_path / "out").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"real", "out", "later", "made"}


def test_a_mount_point(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("skipped: needs root (mounts a small file system)")
    try:
        (place / "lost+found").mkdir()
        for text in ("1", "2"):
            fill(place, a=text)
            assert there(place) == {"a": text}
        assert {path.name for path in place.iterdir()} == {"a", "manifest.json", "lost+found"}
        assert [path.name for path in tmp_path.iterdir()] == ["disk"]
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_an_interrupted_directory_is_not_there(tmp_path: Path) -> None:
    def interrupted(target: Path) -> None:
        with pytest.raises(KeyboardInterrupt), write_directory(target) as directory:
            (directory / "half").touch()
            raise KeyboardInterrupt

    interrupted(tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []
    fill(tmp_path / "out", a="1")
    interrupted(tmp_path / "out")
    assert there(tmp_path / "out") == {"a": "1"}


def test_killed_while_files_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is there then is known to be ours, and the next run makes it whole."""
    target = tmp_path / "out"
    fill(target, a="1", b="1", c="1")
    (target / "c").write_text("tuned")
    real, moved = os.replace, 0

    def killed(source: Path, to: Path) -> None:
        nonlocal moved
        moved += Path(to).name in ("a", "b")
        if moved == 2:
            raise MemoryError("killed")
        real(source, to)

    with monkeypatch.context() as patch:
        patch.setattr(generated_directory.os, "replace", killed)
        with pytest.raises(MemoryError):
            fill(target, a="2", b="2")
    (target / (".dotforge-staging-" + 16 * "0")).mkdir()  # where not even the guardian was left
    (target / ".dotforge-staging-notes").mkdir()
    fill(target, a="3", b="3")
    assert there(target) == {"a": "3", "b": "3", "c": "tuned"}
    assert {path.name for path in target.iterdir() if path.is_dir()} == {".dotforge-staging-notes"}
