"""Cells are proven equal to their specifications, and broken specifications are told from them."""

import pytest
from click.testing import CliRunner

from dotforge.proof.cells import CELLS, EQUAL, Cell, equal, main

BY_NAME = {cell.name: cell for cell in CELLS}

#: Those that are proven in a moment, and what a specification is bent by.
QUICK = {
    "full adder": ("a + b", "a + ~b"),
    "carry-save heap, four values of weights 1, 2, 4 and 8, and a constant": ("77", "76"),
    "shift right with a sticky bit": ("27{1'b1}", "26{1'b1}"),
    "count of leading zeros": ("a[3] ? 5'd28", "a[3] ? 5'd29"),
    "integer multiplier, booth, 4 × 4 bits": ("$signed(b)", "b"),
    "FAN of 8 lanes, all groupings and occupancies": ("vec_ids[3:3] != vec_ids[4:4]", "1'b1"),
}


@pytest.mark.parametrize(
    "name",
    [
        name if name.startswith(("full", "integer", "FAN")) else pytest.param(name, marks=pytest.mark.slow)
        for name in QUICK
    ],
)
def test_a_cell_is_what_it_is_for(name: str) -> None:
    cell = BY_NAME[name]
    assert equal(cell) == EQUAL
    old, new = QUICK[name]
    assert old in cell.body
    assert equal(cell, broken=cell.body.replace(old, new, 1)) == "differs"


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_no_cell_differs(cell: Cell) -> None:
    assert equal(cell, seconds=120) != "differs"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("floating-point adder, FP8_E5M2", "& kept[0]", "& !kept[0]"),
        ("floating-point adder, FP8_E5M2", "a[7] & b[7]", "a[7] | b[7]"),
        ("floating-point multiplier, FP8_E5M2", "twice > one", "twice >= one"),
        ("integer adder, saturate", "exact[16] != exact[15]", "1'b0"),
    ],
)
def test_rounding_signs_and_saturation_are_compared(name: str, old: str, new: str) -> None:
    cell = BY_NAME[name]
    assert old in cell.body
    assert equal(cell, broken=cell.body.replace(old, new)) == "differs"


def test_the_command_refuses() -> None:
    refused = CliRunner().invoke(main, ["nothing"])
    assert refused.exit_code == 2
    assert "cell nothing: allowed are full adder;" in refused.output
