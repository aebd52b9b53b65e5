"""Programs and scratch directories end with the process that made them. How whole commands end: tests/commands."""

import ast
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import dotforge
import dotforge_sim
from dotforge_sim.simulator import processes

SLEEPS = [sys.executable, "-c", "import subprocess, sys; subprocess.run(['sleep', '600'])"]


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def gone(group: int) -> bool:
    """Wait until nothing of a process group is left."""
    limit = time.monotonic() + 10
    while alive(group) and time.monotonic() < limit:
        time.sleep(0.01)
    return not alive(group)


def test_a_program_ends_with_its_block_and_takes_what_it_started() -> None:
    with processes.started(SLEEPS) as process:
        time.sleep(0.3)
        assert alive(process.pid)
    assert gone(process.pid)


def test_a_run_says_how_it_ended(tmp_path: Path) -> None:
    script = "import os, sys; print(os.environ['TMPDIR']); print('no', file=sys.stderr); sys.exit(3)"
    done = processes.run([sys.executable, "-c", script], cwd=tmp_path, temporary=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (3, f"{tmp_path}\n", "no\n")
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run(SLEEPS, timeout=0.2)
    with pytest.raises(FileNotFoundError):
        processes.run([tmp_path / "nothing"])


def test_a_scratch_directory_is_gone_after_its_block(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half"), processes.scratch(tmp_path, ".x.") as place:
        (place / "deep").mkdir()
        assert place.parent == tmp_path
        assert place.name.startswith(".x.")
        raise ValueError("half")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError), processes.scratch(tmp_path / "missing"):
        pass


@pytest.fixture
def taken() -> Iterator[None]:
    """Signals reach this process, even where a shell started it in the background."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("skipped: needs the main thread")
    # Tests may run under nohup, whose children ignore this signal.
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, ours)


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_programs_of_all_threads(number: signal.Signals) -> None:
    groups: list[int] = []

    def work() -> None:
        with processes.started(SLEEPS) as process:
            groups.append(process.pid)
            process.wait()

    thread = threading.Thread(target=work)
    before = signal.getsignal(number)
    with pytest.raises(processes.Ended) as ended, processes.ended_by_signals():
        thread.start()
        while not groups:
            time.sleep(0.01)
        os.kill(os.getpid(), number)
        time.sleep(600)
    assert ended.value.number == number
    thread.join(10)
    assert not thread.is_alive()
    assert gone(groups[0])
    assert signal.getsignal(number) is before
    with processes.scratch():  # and it goes on
        pass


@pytest.mark.usefixtures("taken")
def test_a_block_that_is_held_is_not_torn() -> None:
    done = []
    with pytest.raises(processes.Ended), processes.ended_by_signals():
        with processes.held():
            with processes.held():
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)
            done.append(1)
        done.append(2)
    assert done == [1]


@pytest.mark.usefixtures("taken")
def test_a_signal_in_a_finalizer_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    class Dropped:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.1)

    with pytest.raises(processes.Ended), processes.ended_by_signals():
        Dropped()
        time.sleep(10)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("taken")
def test_a_second_signal_does_not_disturb_the_end() -> None:
    done = []
    with pytest.raises(processes.Ended) as ended, processes.ended_by_signals():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.1)
            done.append(1)
    assert (done, ended.value.number) == ([1], signal.SIGTERM)


@pytest.mark.parametrize("forks", [False, True])
def test_the_guardian_ends_what_a_killed_process_leaves(tmp_path: Path, forks: bool) -> None:
    """Whatever it shares with processes that it forked: those have guardians of their own."""
    script = f"""
import os, sys, time
from dotforge_sim.simulator import processes
with processes.scratch() as place, processes.started({SLEEPS!r}) as process:
    (place / "deep").mkdir()
    if {forks} and os.fork() == 0:
        time.sleep(600)
    print(process.pid, flush=True)
    time.sleep(600)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with processes.started(
        [sys.executable, "-c", script], environment=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        group = int(process.stdout.readline())
        assert alive(group)
        assert len(list(tmp_path.iterdir())) == 1
        process.kill()
        assert gone(group)
        limit = time.monotonic() + 10
        while list(tmp_path.iterdir()):
            assert time.monotonic() < limit
            time.sleep(0.01)


def test_programs_are_started_and_scratch_is_made_in_one_place() -> None:
    """Whoever does it another way leaves something behind."""
    allowed = {"processes.py", "files.py"}
    found = []
    for package in (dotforge, dotforge_sim):
        for path in Path(next(iter(package.__path__))).rglob("*.py"):
            if path.name in allowed:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if name in (
                    "subprocess.run", "subprocess.Popen", "subprocess.check_output", "subprocess.check_call",
                    "subprocess.call", "os.system", "os.popen", "os.fork", "tempfile.mkdtemp", "tempfile.mkstemp",
                    "tempfile.TemporaryDirectory", "tempfile.NamedTemporaryFile",
                ):  # fmt: skip
                    found.append(f"{path.name}: {name}")
    assert found == []
