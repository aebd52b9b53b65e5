"""The Verilog itself: one definition a distinct module, the same bytes everywhere, clean in every reader."""

import functools
import json
import os
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue]
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import In, Out

from dotforge.block import Block
from dotforge.export.design import Generated, from_parameters
from dotforge.export.names import is_legal
from dotforge.export.verilog import convert
from dotforge.registry import engines
from dotforge.tools import yosys
from dotforge.tools.files import data_directory
from dotforge_sim.simulator import toolchain

#: Engines with what makes their Verilog different.
DESIGNS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in engines()),
    ("logmac", {"lanes": 1, "activation_bits": 2, "weight_code": "exponent:0:0", "sum_bits": 4}),
    ("logmac", {"lanes": 5, "fold_sign": True, "overflow": "saturate", "pipeline": 2, "weight_depth": 3}),
    (
        "logmac",
        {
            "lanes": 3,
            "weight_code": "log:2:2",
            "activation_code": "log:2:3:flag",
            "accumulator": "binned",
            "sum_bits": 24,
            "pipeline": 2,
            "log_output": "log:2:2",
        },
    ),
]
each_design = pytest.mark.parametrize(("engine", "parameters"), DESIGNS, ids=str)


def generated(engine: str, parameters: dict[str, Any]) -> Generated:
    """Return a design, which is elaborated once a process."""
    return _generated(engine, json.dumps(parameters))


@functools.cache
def _generated(engine: str, parameters: str) -> Generated:
    return from_parameters(engine, json.loads(parameters))


class Invert(Block):
    i: Signal
    o: Signal
    o: Signal

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += self.o.eq(~self.i)
        return m


class Many(Block):
    """Inverters of two widths, several of each."""

    i: Signal
    o: Signal
    o: Signal

    def __init__(self, widths: tuple[int, ...]) -> None:
        self.widths = widths
        super().__init__({"i": In(sum(widths)), "o": Out(sum(widths))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        offset, results = 0, []
        for number, width in enumerate(self.widths):
            m.submodules[f"invert_{number}"] = invert = Invert(width)
            m.d.comb += invert.i.eq(self.i[offset : offset + width])
            results.append(invert.o)
            offset += width
        m.d.comb += self.o.eq(Cat(results))
        return m


def test_equal_blocks_share_a_module() -> None:
    design = convert(Many((3, 5, 3, 3)), name="top")
    assert re.findall(r"^module (\w+)", design.verilog, re.M) == ["top_invert", "top_invert_2", "top"]
    assert design.children["top"] == {"top_invert": 3, "top_invert_2": 1}
    assert [(port.name, port.direction, port.width) for port in design.ports] == [
        ("clk", "input", 1), ("rst", "input", 1), ("i", "input", 14), ("o", "output", 14),
    ]  # fmt: skip


def test_one_module_of_each_kind_however_many_lanes() -> None:
    few, many = (from_parameters("logmac", {"lanes": lanes}).verilog for lanes in (2, 64))
    assert len(re.findall(r"^module ", few, re.M)) == len(re.findall(r"^module ", many, re.M))


def _everything(block: Block) -> list[Block]:
    """All blocks below one, with repetition, as plain elaboration makes them."""
    found: list[Block] = []

    class Platform:
        def boundary(self, inner: Block) -> None:
            found.append(inner)

    rtlil.convert(block, name="top", platform=Platform(), ports=[], emit_src=False)
    return found


def test_equal_keys_mean_equal_hardware() -> None:
    """What merging stands on: blocks with one key have the same ports and become the same text."""
    from dotforge.engines.logmac import ENGINE  # noqa: PLC0415
    from dotforge.engines.logmac.config import LogMacConfig  # noqa: PLC0415 - one engine for example

    blocks = _everything(ENGINE.top(LogMacConfig(lanes=3, weight_depth=2, pipeline=1)))
    texts: dict[Any, set[str]] = {}
    for block in blocks:
        texts.setdefault(block.key, set()).add(
            convert(type(block)(**dict(block.key[1])), name="same").verilog
        )
    assert len(blocks) > len(texts) >= 6
    assert all(len(same) == 1 for same in texts.values())


@each_design
def test_names(engine: str, parameters: dict[str, Any]) -> None:
    text = generated(engine, parameters).verilog
    assert "\\" not in text
    assert "$" not in text
    assert "__" not in text
    assert "/" not in re.sub(r"//.*", "", text)
    declared = re.findall(r"^\s*(?:wire|reg|input|output)(?: signed)?(?: \[\d+:\d+\])? (\w+)", text, re.M)
    assert len(declared) > 50
    assert {name for name in declared if not is_legal(name)} == set()


@each_design
def test_ports(engine: str, parameters: dict[str, Any]) -> None:
    manifest = generated(engine, parameters).manifest
    names = {port["name"] for port in manifest["ports"]}
    assert {"clk", "rst"} <= names
    streams = {name for name in names if re.match(r"[sm]_axis_\w+_t(data|valid|ready|last)$", name)}
    others = names - streams - {"clk", "rst"}
    assert {f"{stream['prefix']}_tvalid" for stream in manifest["streams"]} <= streams
    assert others <= {port for port in names if is_legal(port)}


def test_a_stranger_can_drive_it() -> None:
    """The manifest says what each beat and each field means, and what a code stands for."""
    manifest = from_parameters("logmac", {"fold_sign": True, "weight_depth": 2}).manifest
    streams = {stream["name"]: stream for stream in manifest["streams"]}
    assert set(streams) == {"activations", "weights", "bias", "sums"}
    for stream in streams.values():
        assert stream["meaning"]
        assert all(field["meaning"] for field in stream["fields"])
    assert streams["weights"]["fields"][0]["values"] == [0.125, 0.25, 0.5, 1, 0, -0.25, -0.5, -1]


@each_design
def test_every_field_has_a_meaning(engine: str, parameters: dict[str, Any]) -> None:
    for stream in generated(engine, parameters).manifest["streams"]:
        assert stream["meaning"], stream["name"]
        assert [field["name"] for field in stream["fields"] if not field.get("meaning")] == []


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "from dotforge.export.design import from_parameters as g;"
        "print(g('logmac', {'lanes': 4, 'weight_depth': 2, 'fold_sign': True}).manifest['verilog_sha256'])"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(hashes) == 1


@each_design
def test_lint(engine: str, parameters: dict[str, Any], tmp_path: Path) -> None:
    """Clean with all warnings on, but for the waiver file; every line of that says why."""
    (tmp_path / "engine.v").write_text(generated(engine, parameters).verilog)
    waiver = string.Template((data_directory("constraints") / "engine.vlt").read_text()).substitute(
        top="engine"
    )
    rules = [line for line in waiver.splitlines() if line.startswith("lint_off")]
    assert rules
    assert waiver.count("//") >= len(rules)
    (tmp_path / "engine.vlt").write_text(waiver)
    verilator = toolchain.verilator()
    done = subprocess.run(
        [verilator.binary, "--lint-only", "-Wall", "--top-module", engine, "engine.vlt",
         "engine.v"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=verilator.environment,
    )  # fmt: skip
    told = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("- ")]
    assert (done.returncode, told) == (0, [])


def test_a_verilator_that_does_not_know_a_rule_is_not_told_of_it(tmp_path: Path) -> None:
    """The rules that are younger than Debian's Verilator 5.006, which refuses a file with one, are guarded."""
    verilator = toolchain.verilator()
    waiver = string.Template((data_directory("constraints") / "engine.vlt").read_text()).substitute(top="x")
    guarded = re.sub(r"`ifndef VERILATOR_WITHOUT_PROCASSINIT\n.*?`endif\n", "", waiver, flags=re.S)
    # What 5.006 knows, as it was tried with it.
    assert {*re.findall(r"lint_off -rule (\w+)", guarded)} == {
        "DECLFILENAME", "UNUSEDSIGNAL", "UNOPTFLAT", "VARHIDDEN"
    }  # fmt: skip
    (tmp_path / "x.vlt").write_text(waiver)
    (tmp_path / "x.v").write_text(from_parameters("logmac", {"lanes": 2}, name="x").verilog)
    for define, rules in (("NOTHING", set()), ("VERILATOR_WITHOUT_PROCASSINIT", {"PROCASSINIT"})):
        done = subprocess.run(
            [verilator.binary, "--lint-only", "-Wall", "-Wno-fatal", f"-D{define}", "--top-module", "x",
             "x.vlt", "x.v"],
            cwd=tmp_path, capture_output=True, text=True, check=True, env=verilator.environment,
        )  # fmt: skip
        assert {*re.findall(r"%Warning-(\w+)", done.stderr)} == rules


@each_design
@pytest.mark.usefixtures("icarus")
def test_reads_in_icarus(engine: str, parameters: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "engine.v").write_text(generated(engine, parameters).verilog)
    iverilog = shutil.which("iverilog")
    assert iverilog
    done = subprocess.run(
        [iverilog, "-g2005", "-Wall", "-s", engine, "-o", "engine.vvp", "engine.v"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = [line for line in (done.stdout + done.stderr).splitlines() if "timescale" not in line]
    assert (done.returncode, told) == (0, [])


@each_design
def test_reads_in_yosys(engine: str, parameters: dict[str, Any]) -> None:
    """Without a warning, without a latch, without a combinational loop."""
    design = generated(engine, parameters)
    script = [
        "logger -werror .",
        "read_verilog engine.v",
        f"hierarchy -check -top {design.top}",
        "proc",
        "flatten",
        "select -assert-none t:$dlatch t:$adff t:$dlatchsr",
        "check -assert",
        "tee -q -o done.txt stat",
    ]
    assert "cells" in yosys.run(script, {"engine.v": design.verilog}, ["done.txt"])["done.txt"]


@pytest.mark.xdist_group("yowasp")  # its first call compiles it
@each_design
def test_both_yosys_write_the_same(
    engine: str, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyosys", reason="skipped: needs the native Yosys")
    design = generated(engine, parameters)
    monkeypatch.setattr(yosys, "installed", lambda: "yowasp")
    again = from_parameters(engine, parameters)
    assert again.verilog == design.verilog
    assert again.manifest["tools"]["yosys"] != design.manifest["tools"]["yosys"]


def test_a_warning_would_be_seen() -> None:
    with pytest.raises(yosys.YosysError, match="implicitly"):
        yosys.run(
            ["logger -werror .", "read_verilog a.v", "tee -q -o done.txt stat"],
            {"a.v": "module a(output o); assign o = missing; endmodule"},
            ["done.txt"],
        )


@pytest.mark.parametrize("name", ["a__b", "wire"])
def test_a_port_of_the_top_must_be_named_well(name: str) -> None:
    class Named(Block):
        o: Signal

        def __init__(self) -> None:
            super().__init__({name: In(1), "o": Out(1)})

        def elaborate(self, platform: object) -> Module:
            m = Module()
            m.d.comb += self.o.eq(getattr(self, name))
            return m

    with pytest.raises(ValueError, match="is no name for a port"):
        convert(Named())
