"""What all tests share."""

import os
import shutil
from collections import Counter

import pytest


def pytest_sessionstart(session: pytest.Session) -> None:
    """Fail `make test-all` at once where a program is absent that checks would be skipped for."""
    missing = [tool for tool in ("iverilog",) if shutil.which(tool) is None]
    if os.environ.get("DOTFORGE_REQUIRE_TOOLS") and missing:
        pytest.exit(f"needs {', '.join(missing)}: install Icarus Verilog", returncode=2)


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
