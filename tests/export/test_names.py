"""Names in the Verilog: legal in every tool, and telling."""

import re

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from dotforge.block import Block
from dotforge.export.names import is_legal, legal_names, snake_case
from dotforge.export.verilog import convert
from dotforge_sim.simulator.cosim import evaluate


@pytest.mark.parametrize("name", ["a", "A9", "mac_16", "dotforge"])
def test_legal(name: str) -> None:
    assert is_legal(name)


@pytest.mark.parametrize(
    "name", ["", "9a", "_a", "a_", "a__b", "a$b", "a-b", "a b", "module", "logic", "small", "pull0"]
)
def test_not_legal(name: str) -> None:
    assert not is_legal(name)


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Fan", "fan"),
        ("CarrySaveHeap", "carry_save_heap"),
        ("FP32Adder", "fp32_adder"),
        ("logMAC", "log_mac"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_renames_what_is_escaped() -> None:
    text = legal_names(
        "module m(a);\n"
        "  wire \\a$4 ;\n  wire a_4;\n  wire \\$12 ;\n  wire \\b__c ;\n  wire \\wait ;\n"
        "  assign \\$12 = a + a_4;\n  assign \\a$4 = \\$12 ;\nendmodule"
    )
    assert "\\" not in text
    assert "$" not in text
    assert "assign sum_12= a + a_4;\n  assign a_4_v2= sum_12;" in text
    assert "wire b_c;" in text
    assert "wire n_wait;" in text


class Reserved(Block):
    """Signals that are named like words of the language."""

    i: Signal
    o: Signal

    def __init__(self) -> None:
        super().__init__({"i": In(4), "o": Out(4)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value = self.i
        for name in ("wait", "small", "highz0", "logic", "table", "a__b", "unique0"):
            following = Signal(4, name=name)
            m.d.comb += following.eq(value + 1)
            value = following
        m.d.comb += self.o.eq(value)
        return m


def test_reserved_words_are_no_names() -> None:
    design = convert(Reserved())
    declared = re.findall(r"^\s*(?:wire|reg)(?: \[\d+:\d+\])? (\S+?)(?: =.*)?;", design.verilog, re.M)
    assert len(declared) >= 9
    assert all(is_legal(name) for name in declared), declared
    assert evaluate(design.verilog, design.top, design.ports, {"i": range(16)})["o"].tolist() == [
        (value + 7) % 16 for value in range(16)
    ]
