"""The tables of the arithmetic units: what is measured, and how it is written."""

from dotforge.arithmetic import units
from dotforge.figures.arithmetic import Figure, collect, measure, table
from dotforge.formats.table import INT4, INT8, INT16
from dotforge.synthesis import area


def test_measures_the_area_flow_and_the_longest_path() -> None:
    found = measure(units.adder(INT16, pipeline=2, stallable=False))
    counted = area.measure(units.adder(INT16, pipeline=2, stallable=False))
    assert (found["transistors"], found["registers"]) == (counted.transistors, counted.registers)
    assert found["gates"] < measure(units.adder(INT16))["gates"]
    assert measure(units.adder(INT8))["gates"] > measure(units.adder(INT4))["gates"] > 2


def test_tables() -> None:
    methods = ("baugh-wooley", "booth")
    figures = [
        Figure("Combinational cores", "INT4 adder", units.adder(INT4), reference="none"),
        *(Figure("Signed products by method", "4 × 4", units.multiplier(INT4, method=m)) for m in methods),
    ]
    lines: list[str] = []
    rows = collect(figures, lines.append)
    counts = [row["transistors"] for row in rows]
    assert counts == [area.flat(figure.block) for figure in figures]
    assert len(lines) == 3
    text = table(rows)
    assert f"| INT4 adder | {counts[0]} | {rows[0]['gates']} | none |" in text
    assert f"| 4 × 4 | {counts[1]} | {counts[2]} |  |  |" in text
    assert "Pipelines" not in text
