"""The rules of streams hold of engines, and of broken ones they do not."""

import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dotforge.export.design import Generated
from dotforge.proof.formal import FOR_EVER, main, prove, subjects
from dotforge.proof.rules import READY, rules
from dotforge.proof.subjects import Subject, subject

from ..configurations import ENGINES
from ..verify.stream_mutants import broken


def verdicts(what: Subject, seconds: int = 20) -> dict[str, str]:
    return {proof.rule: proof.verdict for proof in prove(what, seconds=seconds)}


def test_the_rules_of_an_engine_are_proven_for_ever() -> None:
    found = verdicts(subject("logmac"))
    assert len(found) == 8
    assert {verdict for rule, verdict in found.items() if not rule.endswith(READY)} == {FOR_EVER}


#: What is bent → the rule that is broken.
BENT = {
    "tdata changes while it is stalled": "sums: valid and data stay until ready",
    "tvalid falls while it is stalled": "sums: valid and data stay until ready",
    "tvalid is high in reset": "sums: not valid in reset",
}


def bent(what: Subject, mutant: str) -> Subject:
    assert what.manifest is not None
    return replace(what, verilog=broken(Generated(what.verilog, what.manifest), mutant).verilog)


@pytest.mark.parametrize("mutant", BENT)
def test_a_bent_wire_breaks_a_rule(mutant: str) -> None:
    assert verdicts(bent(subject("logmac"), mutant), 5)[BENT[mutant]].startswith("broken in cycle")


@pytest.mark.parametrize(
    ("valid", "rule"),
    [
        ("1'b0 & ", "a result for every item, in time"),
        ("s_axis_weights_tvalid | ", "no result without an item, or twice"),
    ],
)
def test_results_that_are_lost_or_come_from_nothing(valid: str, rule: str) -> None:
    what = subject("logmac")
    wrong, count = re.subn(
        r"(\(m_axis_sums_tvalid\),?)([^;]*;)",
        rf"(seen),\2\n  wire seen;\n  assign m_axis_sums_tvalid = {valid}seen;",
        what.verilog,
    )
    assert count == 1
    assert verdicts(replace(what, verilog=wrong), 5)[rule].startswith("broken in cycle")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_rules(engine: str) -> None:
    for what in subjects(engine):
        made = rules(what)
        assert len(made.outputs) >= 3
        assert f"{what.top} dut (" in made.verilog


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_no_rule_is_broken(engine: str) -> None:
    for what in subjects(engine):
        assert all(proof.holds for proof in prove(what))


def test_the_command_refuses() -> None:
    refused = CliRunner().invoke(main, ["nothing"])
    assert refused.exit_code == 2
    assert "engine nothing: allowed are" in refused.output
