"""Operands are extended to one width, and mean what they did."""

import subprocess
from pathlib import Path

import numpy as np
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from dotforge.block import Block
from dotforge.export.operand_widths import equal_widths
from dotforge.export.verilog import convert
from dotforge_sim.simulator import toolchain
from dotforge_sim.simulator.cosim import evaluate


class Mixed(Block):
    """Operations of four bits and two, and of constants."""

    a: Signal
    b: Signal

    def __init__(self) -> None:
        outputs = {name: Out(width) for name, width in zip(("total", "rest"), (6, 5), strict=True)}
        flags = {name: Out(1) for name in ("less", "at_most", "more", "same", "other")}
        super().__init__({"a": In(4), "b": In(2), **outputs, **flags})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        values = [self.a + self.b, self.a - self.b]
        values += [self.b < self.a, self.a <= 2, self.a > 1, self.a == self.b, self.a != self.b]
        for name, value in zip(
            ("total", "rest", "less", "at_most", "more", "same", "other"), values, strict=True
        ):
            m.d.comb += getattr(self, name).eq(value)
        return m


def test_operands_have_one_width_and_mean_the_same(tmp_path: Path) -> None:
    design = convert(Mixed(), name="mixed")
    (tmp_path / "mixed.v").write_text(design.verilog)
    verilator = toolchain.verilator()
    command = [verilator.binary, "--lint-only", "-Wall", "-Wno-DECLFILENAME", "mixed.v"]
    subprocess.run(command, cwd=tmp_path, env=verilator.environment, check=True)
    a, b = (grid.ravel() for grid in np.meshgrid(np.arange(16), np.arange(4)))
    out = evaluate(design.verilog, design.top, design.ports, {"a": a, "b": b})
    expected = [a + b, a - b & 31, b < a, a <= 2, a > 1, a == b, a != b]
    assert len(a) == 64
    for name, value in zip(
        ("total", "rest", "less", "at_most", "more", "same", "other"), expected, strict=True
    ):
        assert np.array_equal(out[name], value), name


def test_signed_operands_are_left_alone() -> None:
    cell = """  cell $add $1
    parameter \\A_SIGNED 1
    parameter \\B_SIGNED 1
    parameter \\A_WIDTH 4
    parameter \\B_WIDTH 2
    parameter \\Y_WIDTH 6
    connect \\A \\a
    connect \\B \\b
    connect \\Y \\y
  end
"""
    assert equal_widths(cell) == cell
    assert "connect \\A { 2'00 \\a }" in equal_widths(cell.replace("SIGNED 1", "SIGNED 0"))
