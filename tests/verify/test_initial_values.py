"""Engines whose registers have no initial values, on a four-state simulator: nothing unknown reaches anyone."""

import re
from pathlib import Path

import pytest

from dotforge.export.design import from_parameters
from dotforge.verify.verify import verify

from .small import ENGINES, small

#: What a register that starts with a value looks like.
INITIAL = re.compile(r"^ *reg [^;=]*=|^ *initial \w+ *<?=", re.M)


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("engine", ENGINES)
def test_benches_on_registers_that_start_unknown(engine: str, tmp_path: Path) -> None:
    whole = from_parameters(engine, small(engine))
    generated = from_parameters(engine, {**small(engine), "initial_values": False})
    assert INITIAL.search(whole.verilog)
    assert not INITIAL.search(generated.verilog)
    assert generated.manifest["parameters"]["initial_values"] is False
    found = verify(generated, tmp_path, simulator="icarus")
    assert found["vectors"] > 200
    assert found["failures"] == found["skipped"] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("engine", ENGINES)
def test_defaults_on_registers_that_start_unknown(engine: str, tmp_path: Path) -> None:
    generated = from_parameters(engine, {"initial_values": False})
    assert verify(generated, tmp_path, simulator="icarus")["vectors"] > 200
