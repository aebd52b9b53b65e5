"""Engines whose registers have no initial values, and inputs that are unknown while they mean nothing, on a four-state
simulator: nothing unknown reaches anyone.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dotforge.export.design import from_parameters
from dotforge.verify.verify import verify

from ..configurations import ENGINES, small

#: What a register that starts with a value looks like.
INITIAL = re.compile(r"^ *reg [^;=]*=|^ *initial \w+ *<?=", re.M)


#: What every bench has from the kit: pauses on all sides, and resets.
KIT = r"/idle=0\.[1-9]\d*/backpressure=0\.[1-9]|\.reset_in_the_middle"


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("engine", ENGINES)
def test_benches_on_registers_that_start_unknown(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = from_parameters(engine, small(engine))
    generated = from_parameters(engine, {**small(engine), "initial_values": False})
    assert INITIAL.search(whole.verilog)
    assert not INITIAL.search(generated.verilog)
    assert generated.manifest["parameters"]["initial_values"] is False
    monkeypatch.setenv("COCOTB_TEST_FILTER", KIT)
    monkeypatch.setenv("DOTFORGE_BENCH_UNKNOWN", "1")
    found = verify(generated, tmp_path, simulator="icarus")
    assert found["tests"] == 2
    assert found["vectors"] >= 60


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", [small, lambda _: {}], ids=["small", "default"])
@pytest.mark.parametrize("engine", ENGINES)
def test_all_tests_on_registers_that_start_unknown(
    engine: str, parameters: Callable[[str], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOTFORGE_BENCH_UNKNOWN", "1")
    generated = from_parameters(engine, {**parameters(engine), "initial_values": False})
    found = verify(generated, tmp_path, simulator="icarus", timeout=3600)
    assert found["vectors"] > 200
    assert found["failures"] == found["skipped"] == 0
