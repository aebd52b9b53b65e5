"""``docs/verification.md`` shows what the commands wrote, and that holds for the Verilog of today."""

import json
from pathlib import Path
from typing import Any

import pytest

from dotforge.export.design import from_parameters
from dotforge.proof.page import gathered, table
from dotforge.tools.files import OutputError

DOCS = Path(__file__).parents[2] / "docs"
STORED = json.loads((DOCS / "figures" / "verification.json").read_text(encoding="utf-8"))

#: Written in a moment.
QUICK = ("logmac", "requantise")


def test_the_page_shows_what_is_stored() -> None:
    shown = (DOCS / "verification.md").read_text(encoding="utf-8").splitlines()
    written = [line for line in table(STORED).splitlines() if line]
    assert len(written) > 20
    assert [line for line in written if line not in shown] == []


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(proof, id=proof["subject"], marks=() if proof["subject"] in QUICK else pytest.mark.slow)
        for proof in STORED["formal"]
    ],
)
def test_what_is_proven_holds_for_the_verilog_of_today(proof: dict[str, Any]) -> None:
    made = from_parameters(proof["engine"], proof["parameters"])
    assert made.manifest["verilog_sha256"] == proof["verilog_sha256"], "prove it again: make formal"
    assert not [rule for rule, verdict in proof["rules"].items() if verdict.startswith("broken")]


def test_unfinished_records_are_no_figures(tmp_path: Path) -> None:
    (tmp_path / "mutants").mkdir()
    (tmp_path / "formal.json").write_text("[]")
    unfinished = {"mutants": [{"tried": True, "killed_by": None, "verdict": ""}]}
    (tmp_path / "mutants" / "logmac.json").write_text(json.dumps(unfinished))
    with pytest.raises(OutputError, match="holds no finished record"):
        gathered(
            tmp_path / "formal.json",
            tmp_path / "cells.json",
            tmp_path / "mutants",
            tmp_path / "variants.json",
            tmp_path,
        )
