"""Benches on netlists and on registers that start with anything; both fail where they should."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dotforge.export.design import Generated, from_parameters
from dotforge.proof import variants as module
from dotforge.proof.subjects import configurations
from dotforge.proof.variants import SEEDS, VARIANTS, Run, main, runs, tried
from dotforge.synthesis.targets import TargetError

from ..configurations import ENGINES

TINY = {"lanes": 1, "sum_bits": 8}
#: One of the kit's tests.
SLICE = r"reset_in_the_middle"


def test_a_bench_on_the_cells_of_an_fpga() -> None:
    (found,) = runs("logmac", TINY, ["ecp5"], only=SLICE)
    assert (found.failure, found.skipped, found.tests) == ("", "", 1)
    assert found.vectors > 10
    assert found.cells > 30


def uncleared(*, initial_values: bool) -> Generated:
    """An engine of which one register, high where a dot product begins, is not set in reset."""
    made = from_parameters("logmac", {**TINY, "initial_values": initial_values})
    verilog, count = re.subn(r"= rst \? 1'h1 : (\w+);", r"= \1;", made.verilog)
    assert count == 1
    return Generated(verilog, made.manifest)


def test_a_register_that_reset_does_not_clear_is_found() -> None:
    design = uncleared(initial_values=False)
    found = [tried(design, "random", seed, only="random_dot_products") for seed in SEEDS]
    assert any("failed" in each.failure for each in found)


@pytest.mark.slow
def test_it_is_not_found_where_registers_have_initial_values() -> None:
    """So starts at random are worth their time."""
    found = tried(uncleared(initial_values=True), "cmos", SEEDS[0], only="random_dot_products")
    assert found.failure == ""


def test_what_is_not_here_is_skipped_and_what_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any) -> Any:
        raise TargetError("nangate45 needs the Liberty")

    monkeypatch.setattr(module, "gates", missing)
    (found,) = runs("logmac", TINY, ["nangate45"])
    assert found.skipped == "nangate45 needs the Liberty"
    assert "needs the Liberty" in found.told


def test_the_record_is_gone_on_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[str] = []

    def once(engine: str, parameters: Any, variants: list[str], **_: Any) -> Any:
        called.extend(variants)
        yield replace(Run(variants[0], 1, 8, 400), failure="" if variants != ["ecp5"] else "a test failed")

    monkeypatch.setattr(module, "runs", once)
    path = tmp_path / "variants.json"
    words = ["-o", str(path), "--variant", "cmos", "--variant", "ecp5", "logmac"]
    assert CliRunner().invoke(main, words, standalone_mode=False).return_value == 1
    assert [each["variant"] for each in json.loads(path.read_text())] == ["cmos", "ecp5"]
    CliRunner().invoke(main, words, standalone_mode=False)
    assert called == ["cmos", "ecp5", "ecp5"]
    refused = CliRunner().invoke(main, ["-o", str(path), "nothing"])
    assert refused.exit_code == 2
    assert "engine nothing: allowed are" in refused.output


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_everywhere(engine: str, variant: str) -> None:
    for found in runs(engine, configurations(engine)[engine], [variant]):
        if found.skipped:
            pytest.skip(found.skipped)
        assert found.failure == ""
        assert found.vectors > 100
