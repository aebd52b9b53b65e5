"""The figures of the systolic array."""

from dotforge.export.design import from_parameters
from dotforge.figures import systolic as figures
from dotforge.synthesis import hierarchy


def test_every_transistor_is_in_one_part() -> None:
    made = from_parameters("systolic", {"rows": 2, "columns": 2, "format": "int4", "multiplier_pipeline": 1})
    tree = hierarchy.measure(made.verilog, made.top)
    parts = tree.by_part(figures.PARTS["systolic"], figures.REST)
    assert sum(parts.values()) == tree.total.transistors
    assert all(parts.values())
    assert parts["multipliers"] == sum(
        module.own.transistors * module.instances for module in tree.modules if "multiplier" in module.name
    )


def test_writes_tables() -> None:
    parts = {"multipliers": 160, "reduction": 80, "distribution": 32, "operands": 16, "control": 16}
    row = {
        "format": "int8",
        "multipliers": 16,
        "engine": "flexdpe",
        "parts": parts,
        "array": 288,
        "whole": 304,
    }
    row |= {"over_array": 0.25, "over_whole": 1.5, "verilog_sha256": "0123456789abcdef"}
    cycles = figures.cycles(((8, 4, 4),), side=2)
    assert cycles == [{"shape": [8, 4, 4], "folds": 4, "paper": 48, "one": 47, "two": 38}]
    text = figures.table({"areas": [row], "cycles": cycles})
    assert "| int8 | 16 | flexdpe | 10 | 5 | 2 | 1 | 1 | 18 (+25.0%) | 19 (+150.0%) | 0123456789ab |" in text
    assert "| 8, 4, 4 | 4 | 48 | 47 | 38 |" in text
