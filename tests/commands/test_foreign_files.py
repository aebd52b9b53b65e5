"""What a user put into a directory stays, whatever ``dotforge generate`` does there."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MAC = ("generate", "logmac", "-p", "lanes=1", "-p", "sum_bits=8", "--no-simulate", "-o")


def there(directory: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(directory).rglob("*") if path.is_file()}


def test_a_browser_extension(dotforge: Any) -> None:
    """It has a ``manifest.json`` too."""
    Path("extension").mkdir()
    Path("extension/manifest.json").write_text('{"manifest_version": 3, "name": "mine", "version": "1.0"}')
    Path("extension/background.js").write_text("mine")
    before = there("extension")
    refused = dotforge(*MAC[:-2], "-o", "extension")  # told before the bench runs
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "its manifest.json is not from `dotforge generate`" in refused.err
    assert there("extension") == before


def test_files_of_the_user_in_a_generated_directory(dotforge: Any) -> None:
    assert dotforge(*MAC, "mac").code == 0
    verified = {"record": "dotforge verify", "status": "ok", "verilog_sha256": "f" * 64, "files": {}}
    mine = {"mac/bench/test_mine.py": b"mine", "mac/notes/plan.md": b"mine", "mac/verify/notes": b"mine"}
    mine["mac/verify/summary.json"] = json.dumps(verified).encode()
    for name, text in mine.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(text)
    assert dotforge(*MAC, "mac", "-p", "overflow=saturate", "--name", "other").code == 0
    after = there("mac")
    assert after.items() >= mine.items()
    assert "mac/other.v" in after
    assert "mac/logmac.v" not in after
    assert "MISMATCH: verified was other Verilog" in dotforge("synth", "mac").out

    tuned = Path("mac/constraints/other.sdc")
    tuned.write_text(tuned.read_text() + "set_max_fanout 8 [current_design]\n")
    before = there("mac")
    refused = dotforge(*MAC, "mac", "--name", "other")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "mac/constraints/other.sdc: it was changed since `dotforge generate` wrote it" in refused.err
    assert there("mac") == before
    assert dotforge(*MAC, "mac", "--name", "third").code == 0
    assert tuned.read_text().endswith("set_max_fanout 8 [current_design]\n")


def test_in_place(dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here", "real", "disk"):
        Path(name).mkdir()
    Path("link").symlink_to("real")
    mount = ["mount", "-t", "tmpfs", "none", str(tmp_path / "disk")]
    mounted = shutil.which("mount") and not subprocess.run(mount, capture_output=True, check=False).returncode
    try:
        for _ in range(2):
            monkeypatch.chdir(tmp_path / "here")
            assert dotforge(*MAC, ".").code == 0
            monkeypatch.chdir(tmp_path)
            for name in ("link", *(["disk"] if mounted else [])):
                done = dotforge(*MAC, name)
                assert done.code == 0, done.err
        assert Path("link").is_symlink()
        for name in ("here", "real", *(["disk"] if mounted else [])):
            assert set(json.loads(Path(name, "manifest.json").read_text())["files"]) == {
                path.relative_to(name).as_posix() for path in Path(name).rglob("*") if path.is_file()
            }
        assert not [path for path in tmp_path.rglob(".*") if path.name.startswith(".")]
        assert {path.name for path in tmp_path.iterdir()} == {"here", "real", "disk", "link"}
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(tmp_path / "disk")], check=True)
