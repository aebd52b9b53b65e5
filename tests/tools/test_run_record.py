"""Records describe the last run, however it ended, and only what a run wrote is replaced."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from dotforge.parameters import ParameterError
from dotforge.tools.files import OutputError, write_text
from dotforge.tools.run_record import not_ok, run_record
from dotforge_sim.run.gemm import RunError


def read(path: Path) -> dict[str, object]:
    return json.loads(path.read_text())


def once(path: Path, product: Path, error: BaseException | None = None, *, late: bool = True) -> None:
    """A run that writes its product and may fail, before it has started or in the end."""
    with run_record("try", path, products=[product]) as record:
        if error is not None and not late:
            raise error
        record.start(verilog_sha256="5eed")
        assert not product.exists()
        assert not_ok(read(path)) == "did not end"
        record.content["counts"] = 3
        write_text(product, "made")
        if error is not None:
            raise error


def test_success(tmp_path: Path) -> None:
    once(tmp_path / "r.json", tmp_path / "c")
    assert read(tmp_path / "r.json") == {
        "record": "dotforge try", "status": "ok", "verilog_sha256": "5eed", "counts": 3,
    }  # fmt: skip
    assert (tmp_path / "c").read_text() == "made"


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutputError("no\nspace"), "no space"),
        (click.ClickException("it overflowed"), "it overflowed"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_failure(error: BaseException, reason: str, late: bool, tmp_path: Path) -> None:
    once(tmp_path / "r.json", tmp_path / "c")
    with pytest.raises(type(error)):
        once(tmp_path / "r.json", tmp_path / "c", error, late=late)
    found = read(tmp_path / "r.json")
    assert (found["status"], found["reason"], found["record"]) == ("failed", reason, "dotforge try")
    assert found.get("verilog_sha256") == ("5eed" if late else None)
    assert not_ok(found) == f"failed: {reason}"
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    "error",
    [ParameterError("no such parameter"), click.UsageError("no such option"), RunError("no such file")],
)
def test_who_is_refused_changes_nothing(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        once(tmp_path / "r.json", tmp_path / "c", error, late=False)
    assert list(tmp_path.iterdir()) == []
    once(tmp_path / "r.json", tmp_path / "c")
    with pytest.raises(type(error)):
        once(tmp_path / "r.json", tmp_path / "c", error, late=False)
    assert read(tmp_path / "r.json")["status"] == "ok"
    assert (tmp_path / "c").exists()


def test_wrong_operands_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        once(tmp_path / "r.json", tmp_path / "c", RunError("A has shape (3,)"))
    assert list(tmp_path.iterdir()) == []
    once(tmp_path / "r.json", tmp_path / "c")
    with pytest.raises(RunError):
        once(tmp_path / "r.json", tmp_path / "c", RunError("A has shape (3,)"))
    assert not_ok(read(tmp_path / "r.json")) == "failed: A has shape (3,)"
    assert not (tmp_path / "c").exists()


def test_outputs_that_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    (tmp_path / "b").symlink_to("a")
    for outputs, inputs in (
        (["b"], ["a"]),
        (["c", "c"], []),
        (["d", "a"], ["b"]),
    ):
        paths = [tmp_path / name for name in outputs]
        with (
            pytest.raises(OutputError, match="reads or writes it as something else"),
            run_record("try", None, products=paths, inputs=[tmp_path / name for name in inputs]) as record,
        ):
            record.start()
    assert (tmp_path / "a").read_text() == "mine"


def test_nowhere_to_write(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/r\.json: its directory does not exist"):
        once(tmp_path / "missing" / "r.json", tmp_path / "c")
    (tmp_path / "c").write_text("old")
    with pytest.raises(OutputError):
        once(tmp_path / "missing" / "r.json", tmp_path / "c")
    assert (tmp_path / "c").read_text() == "old"


def fill(directory: Path, *names: str, error: Exception | None = None) -> None:
    with run_record("try", directory / "r.json", names=["a", "b", "deep/c"]) as record:
        record.start()
        (directory / "deep").mkdir(exist_ok=True)
        for name in names:
            write_text(directory / name, name)
        if error is not None:
            raise error


def test_a_directory(tmp_path: Path) -> None:
    place = tmp_path / "out"
    fill(place, "a", "b", "deep/c")
    (place / "mine").write_text("mine")
    (place / "deep" / "mine").write_text("mine")
    fill(place, "a")
    assert {path.name for path in place.rglob("*") if path.is_file()} == {"a", "r.json", "mine"}
    assert set(read(place / "r.json")["files"]) == {"a"}  # type: ignore[arg-type]
    with pytest.raises(OutputError):
        fill(place, "b", error=OutputError("full"))
    assert read(place / "r.json")["status"] == "failed"
    fill(place, "a", "b")
    (place / "b").write_text("tuned")
    for _ in range(2):
        with pytest.raises(OutputError, match="out/b: it was changed since `dotforge try` wrote it"):
            fill(place, "a")
    assert (place / "b").read_text() == "tuned"


@pytest.mark.parametrize("foreign", ["r.json", "a", "deep"])
def test_a_directory_of_others(foreign: str, tmp_path: Path) -> None:
    (tmp_path / foreign).write_text('{"files": {"a": null}}')
    with pytest.raises(OutputError, match=r"not from `dotforge try`|is no directory"):
        fill(tmp_path, "a")
    assert [path.name for path in tmp_path.iterdir()] == [foreign]
    assert (tmp_path / foreign).read_text() == '{"files": {"a": null}}'


_KILLED = """
import os, signal, sys
from pathlib import Path
from dotforge.tools.run_record import run_record
here = Path(sys.argv[1])
with run_record("try", here / "r.json", names=["a", "b"]) as record:
    record.start()
    (here / "a").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed(tmp_path: Path) -> None:
    """Nothing can be written then: the record says so already, and the next run may replace what there is."""
    fill(tmp_path, "a", "b")
    done = subprocess.run([sys.executable, "-c", _KILLED, tmp_path], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert not_ok(read(tmp_path / "r.json")) == "did not end"
    fill(tmp_path, "a", "b")
    assert not not_ok(read(tmp_path / "r.json"))
