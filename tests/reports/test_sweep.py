"""Sweeps: grids and lists, reuse, what fails, what is interrupted, and disks that are full."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dotforge.parameters import ParameterError
from dotforge.reports import sweep_jobs, sweep_run
from dotforge.reports.imported import import_reports
from dotforge.reports.sweep import sweep, table_rows
from dotforge.reports.sweep_jobs import from_file, grid, jobs, run_job
from dotforge.synthesis.targets import Settings, TargetError
from dotforge.tools import process as tools
from dotforge.tools.files import UNFINISHED, OutputError

from ..browser import opened
from .sweeps import SETTINGS, Runner, quiet, some
from .vendor_texts import VIVADO_UTILISATION, vivado


def test_grid() -> None:
    assert grid({"a": ["1", "2"], "b": ["x"]}) == [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}]
    assert grid({}) == [{}]


def test_lists(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"lanes": 4}, {"lanes": 8, "fold_sign": true}]')
    (tmp_path / "a.csv").write_text("lanes,fold_sign\n4,\n8,true\n")
    names = [
        [job.name for job in jobs("logmac", from_file(tmp_path / file), "cmos", SETTINGS, skip=False)[0]]
        for file in ("a.json", "a.csv")
    ]
    assert names[0] == names[1]
    assert len(set(names[0])) == 2
    for text, message in (
        ("[", "is not JSON"),
        ("[]", "allowed is a list"),
        ('[{"lanes": 4, "lanes": 8}]', "key 'lanes' is there more than once"),
        ('{"lanes": 1}', "allowed is a list"),
    ):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(OutputError, match=message):
            from_file(tmp_path / "bad.json")
    with pytest.raises(OutputError, match="cannot read"):
        from_file(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "lanes,fold_sign\n4,\n\n8,true\n"),
        ("a.json", '[{"lanes": 4}, {"lanes": "8", "fold_sign": true}]'),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lists_with_and_without_a_byte_order_mark(name: str, text: str, mark: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(mark + text, encoding="utf-8")
    listed = jobs("logmac", from_file(tmp_path / name), "cmos", SETTINGS, skip=False)[0]
    assert [(job.parameters["lanes"], job.parameters["fold_sign"]) for job in listed] == [
        (4, False),
        (8, True),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lanes,fold_sign\n4,true,8\n", "line 2 has 3 cells, allowed are 2"),
        ("lanes,fold_sign\n8,true\n4\n", "line 3 has 1 cells, allowed are 2"),
        ("lanes,lanes\n4,8\n", "column lanes is there 2 times"),
        ("lanes, lanes\n4,8\n", "column lanes is there 2 times"),
        (",lanes\n0,4\n", "column 1 has no name"),
        ('lanes\n"4\n', "is not CSV: line 2"),
        ("lanes\n", "allowed is a list"),
        ("", "allowed is a list"),
        (b"lanes\n\xff\n", "is not text"),
    ],
)
def test_tables_that_are_none(text: str | bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(OutputError, match=message):
        from_file(tmp_path / "a.csv")


def test_true_is_no_number() -> None:
    for name in ("lanes", "sum_bits", "weight_code"):
        with pytest.raises(ParameterError, match=f"parameter {name}=true: allowed"):
            jobs("logmac", [{name: True}], "cmos", SETTINGS, skip=False)
    assert jobs("logmac", [{"fold_sign": True}], "cmos", SETTINGS, skip=False)[0][0].parameters["fold_sign"]


def test_every_configuration_is_checked_before_anything_runs() -> None:
    with pytest.raises(ParameterError, match=r"parameter lanes=0: allowed 1…256"):
        some(lanes=["4", "0"])
    with pytest.raises(ParameterError, match="parameter lines=4"):
        some(lines=["4"])
    kept, refused = jobs("logmac", grid({"lanes": ["4", "0"]}), "cmos", SETTINGS, skip=True)
    assert [job.parameters["lanes"] for job in kept] == [4]
    assert len(refused) == 1
    with pytest.raises(ParameterError, match="no configuration is left"):
        jobs("logmac", grid({"lanes": ["0"]}), "cmos", SETTINGS, skip=True)
    with pytest.raises(TargetError, match="target vacuum: allowed are cmos, ecp5"):
        jobs("logmac", [{}], "vacuum", SETTINGS, skip=False)
    # The default written out is the same configuration.
    assert len(some(lanes=["16"], fold_sign=["false", "0", "no"])) == 1


def test_tables(tmp_path: Path) -> None:
    result = sweep(some(lanes=["2", "4", "8"]), tmp_path / "s", Runner(), quiet)
    assert [made["totals"]["transistors"] for made in result.reports] == [200, 400, 800]
    with (tmp_path / "s/results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["transistors"] for row in rows] == ["200", "400", "800"]
    assert rows[0].keys() >= {"engine", "target", "lanes", "fold_sign", "registers", "area_per_mac"}
    parquet = pytest.importorskip("pyarrow.parquet", reason="skipped: needs pyarrow")
    table = parquet.read_table(tmp_path / "s/results.parquet").to_pylist()
    assert [row["lanes"] for row in table] == [2, 4, 8]
    assert table == table_rows(result.reports)


def test_goes_on_where_it_was(tmp_path: Path) -> None:
    todo = some(lanes=["1", "2", "3", "4"])
    interrupted = Runner(stop=2)
    with pytest.raises(KeyboardInterrupt):
        sweep(todo, tmp_path / "s", interrupted, quiet)
    assert interrupted.ran == [1, 2]
    assert not (tmp_path / "s/results.csv").exists()
    # What a killed process leaves: a temporary file, and a report that a full disk cut short.
    damaged = next((tmp_path / "s/reports").glob("logmac*"))
    damaged.with_name(f".{damaged.name}.x1{UNFINISHED}").write_text("{")
    damaged.write_text('{"schema": 1,')
    again = Runner()
    result = sweep(todo, tmp_path / "s", again, quiet)
    assert len(again.ran) == 3
    assert result.reused == 1
    assert len(result.reports) == 4
    assert not list((tmp_path / "s").rglob(".*"))
    assert sweep(todo, tmp_path / "s", Runner(stop=0), quiet).reused == 4


def test_other_code_tools_or_options_make_other_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(some(lanes=["1", "2"]), tmp_path / "s", Runner(), quiet)
    monkeypatch.setattr(sweep_jobs, "_sources", lambda: "other code")
    changed = Runner()
    sweep(some(lanes=["1", "2"]), tmp_path / "s", changed, quiet)
    assert changed.ran == [1, 2]
    other = jobs("logmac", grid({"lanes": ["1", "2"]}), "cmos", Settings(mode="sum"), skip=False)[0]
    changed = Runner()
    sweep(other, tmp_path / "s", changed, quiet)
    assert changed.ran == [1, 2]
    assert len(list((tmp_path / "s/reports").iterdir())) == 2  # one a configuration: `compare` takes them


def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    todo = some(lanes=["1", "2", "3"])
    result = sweep(todo, tmp_path / "s", Runner(fail=[2]), quiet)
    assert [made["parameters"]["lanes"] for made in result.reports] == [1, 3]
    assert [error for _, error in result.failures] == ["Yosys (pyosys): ERROR: on purpose"]
    assert json.loads((tmp_path / "s/failures.json").read_text())[0]["parameters"]["lanes"] == 2
    assert "on purpose" in (tmp_path / "s/index.html").read_text()
    healed = Runner()
    assert not sweep(todo, tmp_path / "s", healed, quiet).failures
    assert healed.ran == [2]
    assert not (tmp_path / "s/failures.json").exists()


def test_processes_that_die_or_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    todo = some(lanes=["1", "2"])
    real = subprocess.Popen

    def started(script: str) -> Any:
        return lambda command, **options: real([command[0], "-c", script], **options)

    monkeypatch.setattr(
        sweep_run.subprocess, "Popen", started("import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)")
    )
    errors = [outcome["error"] for _, outcome in sweep_run.here(2)(todo)]
    assert len(errors) == 2
    assert all("its process died: SIGKILL" in error for error in errors)

    monkeypatch.setattr(sweep_run.subprocess, "Popen", started("import time; time.sleep(600)"))
    short = jobs("logmac", [{}], "cmos", Settings(timeout=0.1), skip=False)[0]
    assert "did not end within 0.8 s" in next(iter(sweep_run.here(1)(short)))[1]["error"]


def test_an_interruption_ends_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.Popen
    pid = tmp_path / "pid"
    hangs = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    answers = f"import os, time\nwhile not os.path.getsize({str(pid)!r}): time.sleep(0.01)\nprint('{{}}')"
    pid.touch()
    scripts = iter([hangs, answers])
    monkeypatch.setattr(
        sweep_run.subprocess,
        "Popen",
        lambda command, **options: real([command[0], "-c", next(scripts)], **options),
    )
    with contextlib.closing(sweep_run.here(2)(some(lanes=["1", "2"]))) as running:
        assert next(running)[1] == {}
        os.kill(int(pid.read_text()), 0)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_tool_that_hangs_or_dies() -> None:
    with pytest.raises(tools.ToolError, match=r"sleeper did not end within 0\.2 s"):
        tools.run_tool("sleeper", ["sleep", "60"], {}, [], timeout=0.2)
    with pytest.raises(tools.ToolError, match="dead: killed by SIGSEGV"):
        tools.run_tool("dead", ["sh", "-c", "kill -SEGV $$"], {}, [], timeout=10)
    with pytest.raises(tools.ToolError, match="odd: ERROR: it is Tuesday"):
        tools.run_tool("odd", ["sh", "-c", "echo ERROR: it is Tuesday; exit 3"], {}, [], timeout=10)
    with pytest.raises(tools.ToolError, match=r"lazy: exit 0, out\.txt was not written"):
        tools.run_tool("lazy", ["true"], {}, ["out.txt"], timeout=10)
    with pytest.raises(tools.ToolError, match="nobody cannot be started"):
        tools.run_tool("nobody", ["/no/such/program"], {}, [], timeout=10)
    assert tools.run_tool("cat", ["cat", "a"], {"a": "text"}, [""], timeout=10) == {"": "text"}
    started = time.monotonic()
    with pytest.raises(tools.ToolError, match="did not end"):  # what it started ends with it
        tools.run_tool("parent", ["sh", "-c", "sleep 61 & sleep 60"], {}, [], timeout=0.2)
    assert time.monotonic() - started < 10
    assert not subprocess.run(["pgrep", "-f", "^sleep 61$"], capture_output=True, check=False).stdout


def test_errors_of_a_job_come_back_as_text() -> None:
    wrong = Settings(mode="upside down")
    with pytest.raises(TargetError, match="hierarchy upside down"):
        jobs("logmac", [{"lanes": "1"}], "cmos", wrong, skip=False)
    (job,) = jobs("logmac", [{"lanes": "1"}], "cmos", SETTINGS, skip=False)[0]
    assert run_job(replace(job, settings=wrong).as_json()) == {
        "error": "ChoiceError: hierarchy upside down: allowed are flat, sum"
    }


@pytest.mark.slow
def test_killed_halfway(tmp_path: Path) -> None:
    """The whole command, killed without a chance to clean up."""
    command = [
        sys.executable, "-m", "dotforge.cli", "sweep", "logmac", "-p", "lanes=1,2,3,4,5,6", "-p", "sum_bits=8",
        "-j", "2", "-o", str(tmp_path / "s"),
    ]  # fmt: skip
    environment = {**os.environ, "DOTFORGE_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "s/reports").glob("logmac*"))) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s/reports").glob("logmac*")}
    for path in (tmp_path / "s/reports").glob("logmac*"):
        json.loads(path.read_text())
    assert len(kept) < 6
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"6 reports ({len(kept)} of them from before), 0 failed" in again.stderr
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s/reports").glob("logmac*")}
    assert len(after) == 6
    assert all(after[name] == stamp for name, stamp in kept.items())


_CLUSTER = """
import json, sys
from distributed import LocalCluster
from dotforge.reports.sweep_jobs import grid, jobs
from dotforge.reports.sweep_run import dask
from dotforge.synthesis.targets import Settings
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        todo = jobs("logmac", grid({"lanes": ["1", "2"], "sum_bits": ["8"]}), "cmos", Settings(), skip=False)[0]
        found = {job.parameters["lanes"]: outcome for job, outcome in dask(cluster.scheduler_address)(todo)}
        print(json.dumps({lanes: outcome["report"]["totals"]["transistors"] for lanes, outcome in found.items()}))
"""


def test_on_a_dask_cluster(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="skipped: needs Dask")
    (tmp_path / "cluster.py").write_text(_CLUSTER)
    done = subprocess.run(
        [sys.executable, "cluster.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    assert 500 < counts["1"] < counts["2"]


def test_no_dask_there() -> None:
    pytest.importorskip("distributed", reason="skipped: needs Dask")
    code = (
        "from dotforge.reports.sweep_run import dask\n"
        "from dotforge.synthesis.targets import TargetError\n"
        "try:\n    list(dask('tcp://127.0.0.1:1', patience=1)([]))\n"
        "except TargetError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in done.stdout, done.stderr[-500:]


def test_reports_of_other_flows(tmp_path: Path) -> None:
    """They stand in tables and page, after those of the sweep, and are not the sweep's."""
    (tmp_path / "util.rpt").write_text(vivado(VIVADO_UTILISATION))
    manifest = {"engine": "logmac", "top": "mac", "parameters": {"lanes": 4}, "verilog_sha256": "0" * 64}
    other = import_reports([tmp_path / "util.rpt"], manifest=manifest)
    given = {tmp_path / "util.json": other}
    out = tmp_path / "out"
    result = sweep(some(lanes=["1", "2"]), out, Runner(), quiet, given)
    assert (len(result.reports), result.others) == (2, [other])
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["lanes"], row["transistors"], row["luts"]) for row in rows] == [
        ("1", "100", ""), ("2", "200", ""), ("4", "", "1234"),
    ]  # fmt: skip
    assert len(list((out / "reports").iterdir())) == 2
    assert json.loads((out / "sweep.json").read_text())["others"] == [str(tmp_path / "util.json")]
    with opened(out / "index.html") as (view, said):
        assert view.locator("tbody tr").count() == 3
        assert "import:vivado xc7s50csga324-1: vivado 2024.1" in view.locator("body").inner_text()
        assert said == []
    # Of a next sweep that does not name it nothing is left; one inside of the directory is refused.
    sweep(some(lanes=["1", "2"]), out, Runner(), quiet)
    assert "vivado" not in (out / "index.html").read_text() + (out / "results.csv").read_text()
    with pytest.raises(OutputError, match="of which each sweep is by itself"):
        sweep(some(lanes=["1"]), out, Runner(), quiet, {next((out / "reports").iterdir()): other})
