"""What tests of the files for other flows share."""

import os
import sys
from pathlib import Path

import pytest

from dotforge_sim.simulator import toolchain

PARAMETERS = {"lanes": 2, "sum_bits": 8, "weight_depth": 2}


def environment() -> dict[str, str]:
    """As in an activated environment, with Verilator on the path."""
    path = [str(Path(sys.executable).parent), str(toolchain.verilator().binary.parent), os.environ["PATH"]]
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKEFLAGS")}
    return {**kept, "PATH": os.pathsep.join(path)}


def flows_python(module: str, name: str) -> Path:
    """Return the Python beside ours that has a package whose dependencies differ from ours; skip where it has not."""
    python = Path(sys.prefix) / "flows" / "bin" / "python"
    if not python.exists() or not list(
        python.parents[1].glob(f"lib/python3*/site-packages/{module}/__init__.py")
    ):
        pytest.skip(f"skipped: needs {name} (make .venv/flows)")
    return python
