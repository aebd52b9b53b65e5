"""Attributes for Vivado: on every port of an interface, passed over by simulators, and part of what is hashed."""

import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from dotforge.export.comments import code_sha256
from dotforge.export.design import from_parameters, load
from dotforge.export.manifest import SCHEMA
from dotforge.export.vivado import with_attributes
from dotforge.front_door import ConfiguredEngine
from dotforge.tools import yosys

from ..configurations import ENGINES, small

INFO = re.compile(r'X_INTERFACE_INFO = "xilinx\.com:(\w+):(\w+):1\.0 (\w+) (\w+)"')
PARAMETER = re.compile(r'X_INTERFACE_PARAMETER = "XIL_INTERFACENAME (\w+)(.*)"')


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param(engine, marks=() if engine in ("logmac", "requantise") else pytest.mark.slow)
        for engine in (*ENGINES, "flexdpu axi")
    ],
)
def test_every_port_of_an_interface(engine: str, tmp_path: Path) -> None:
    name, *bus = engine.split()
    plain = from_parameters(name, small(name) | ({"interface": "axi"} if bus else {}), name="unit")
    text, manifest = with_attributes(plain.verilog, plain.manifest)
    jsonschema.validate(manifest, SCHEMA)
    assert manifest["verilog_sha256"] == code_sha256(text)
    lines = text.splitlines()
    found: dict[str, tuple[str, str]] = {}
    parameters: dict[str, str] = {}
    for line, info in zip(lines, map(INFO.search, lines), strict=True):
        if told := PARAMETER.search(line):
            assert told[1] not in parameters
            parameters[told[1]] = told[2]
        if info:
            after = next(each for each in lines[lines.index(line) :] if not each.lstrip().startswith("(*"))
            found[after.removesuffix(";").split()[-1]] = (info[2], f"{info[3]} {info[4]}")
    roles = {port["name"]: port["role"] for port in manifest["ports"] if port["role"] != "status"}
    kinds = {"stream": "axis", "axi_lite": "aximm"}
    assert {port: kind for port, (kind, _) in found.items()} == {
        port: kinds.get(role, role) for port, role in roles.items()
    }
    for port, (kind, logical) in found.items():
        if kind in ("axis", "aximm"):
            assert logical.replace(" ", "_").lower() == port
    streams = [stream["prefix"] for stream in manifest["streams"]]
    assert set(parameters) == {"clk", "rst", *streams, *(["s_axi"] if bus else [])}
    buses = ":".join([*streams, *(["s_axi"] if bus else [])])
    assert parameters["clk"] == f", ASSOCIATED_BUSIF {buses}, ASSOCIATED_RESET rst"
    assert parameters["rst"] == ", POLARITY ACTIVE_HIGH"
    # Without its attributes it is what it was.
    assert re.sub(r"^  \(\* X_INTERFACE_.*\n", "", text, flags=re.M) == plain.verilog
    if shutil.which("iverilog"):
        (tmp_path / "unit.v").write_text(text)
        subprocess.run(["iverilog", "-g2005", "-t", "null", "unit.v"], cwd=tmp_path, check=True, timeout=60)


def test_yosys_has_them() -> None:
    """Where Verilog says what an attribute belongs to: each at its port."""
    text = ConfiguredEngine.of("logmac", small("logmac"), vivado_attributes=True).verilog
    script = ["read_verilog design.v", "select -write with.txt logmac/a:X_INTERFACE_INFO=*"]
    found = yosys.run(script, {"design.v": text}, ["with.txt"])["with.txt"]
    assert {line.partition("/")[2] for line in found.split()} == {
        port["name"] for port in from_parameters("logmac", small("logmac")).manifest["ports"]
    }


def test_a_port_that_is_not_there() -> None:
    plain = from_parameters("logmac", small("logmac"))
    ports = [port | {"name": port["name"].replace("clk", "clock")} for port in plain.manifest["ports"]]
    with pytest.raises(ValueError, match=r"logmac: declared .*'m_axis.* of interfaces .*'clock'"):
        with_attributes(plain.verilog, {**plain.manifest, "ports": ports})


def test_a_directory(tmp_path: Path) -> None:
    """What is generated, verified and synthesized is the text with the attributes."""
    made = ConfiguredEngine.of("logmac", small("logmac"), top="mac", vivado_attributes=True)
    made.generate(tmp_path / "mac")
    text = (tmp_path / "mac" / "mac.v").read_text()
    assert text.count("X_INTERFACE_INFO") == len(made.manifest["ports"])
    assert "--vivado-attributes -o DIR" in (tmp_path / "mac" / "mac.md").read_text()
    sha256 = code_sha256(text)
    assert load(tmp_path / "mac").manifest == made.manifest
    there = ConfiguredEngine.at(tmp_path / "mac")
    verified = there.verify()
    assert (verified["mismatches"], verified["verilog_sha256"]) == (0, sha256)
    plain = ConfiguredEngine.of("logmac", small("logmac"), top="mac").synth()
    report = there.synth()
    assert report["verilog_sha256"] == sha256 != plain["verilog_sha256"]
    assert report["totals"] == plain["totals"]
