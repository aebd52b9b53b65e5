"""Every figure has a writer; the log-weight MAC is as small as it is said to be."""

from pathlib import Path

from dotforge.arithmetic.mac import MultiplyAccumulate
from dotforge.engines.logmac.config import LogMacConfig
from dotforge.engines.logmac.datapath import ShiftAddCore
from dotforge.export.verilog import convert
from dotforge.figures import all as figures
from dotforge.figures import logmac as figures_logmac
from dotforge.synthesis import area
from dotforge.synthesis.hierarchy import measure


def core(lanes: int, *, fold_sign: bool) -> float:
    return area.flat(ShiftAddCore(LogMacConfig(lanes=lanes, fold_sign=fold_sign))) / lanes


def test_transistors_a_mac() -> None:
    assert core(16, fold_sign=False) <= 388
    assert core(16, fold_sign=True) <= 348
    assert core(1, fold_sign=False) <= 960
    assert core(1, fold_sign=True) <= 884


def test_the_baseline_is_honest() -> None:
    """A 4-bit multiply MAC, written as well as the shift-add one."""
    assert area.flat(MultiplyAccumulate(lanes=16, a_bits=4, b_bits=4, sum_bits=16)) / 16 <= 547


def test_parts_are_all_modules_of_the_core() -> None:
    design = convert(ShiftAddCore(LogMacConfig(lanes=3)))
    known = {module for modules in figures_logmac.PARTS.values() for module in modules}
    tree = measure(design.verilog, design.top)
    assert {module.name.removeprefix("shift_add_core").removeprefix("_") for module in tree.modules} == known


def test_writes_tables(tmp_path: Path) -> None:
    rows = figures_logmac.collect(lanes=(1,))
    text = figures_logmac.table(rows)
    assert [row["unit"] for row in rows] == ["INT4 multiply", "shift-add", "shift-add, sign folded"]
    assert f"| shift-add | 1 | {core(1, fold_sign=False):.1f} |" in text


def test_every_figure_can_be_written() -> None:
    found = figures.figures()
    assert {"logmac", "reduction", "distribution"} <= set(found)
    assert all(callable(module.write) for module in found.values())
