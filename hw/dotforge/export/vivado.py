"""Attributes on the ports of the top module, from which Vivado's IP Integrator knows bus interfaces.

``X_INTERFACE_INFO`` says of a port what interface and which logical port it is, ``X_INTERFACE_PARAMETER`` at an
interface's first port what its parameters are. Other tools pass over both.
"""

import re
from collections.abc import Mapping
from typing import Any

from .bus_interfaces import BusInterface, bus_interfaces
from .comments import code_sha256

__all__ = ["FLAG", "with_attributes"]

#: Entry of a manifest whose Verilog has the attributes.
FLAG = "vivado_attributes"


def with_attributes(verilog: str, manifest: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return Verilog with attributes, and its manifest: with the hash of this text, and a flag.

    Parameters
    ----------
    verilog : as :func:`dotforge.export.verilog.convert` writes it
    manifest : of it

    Raises
    ------
    ValueError
        A port of an interface is not declared once in the top module.
    """
    attributes = {
        port: _attributes(bus, logical, is_first=place == 0)
        for bus in bus_interfaces(manifest)
        for place, (logical, port) in enumerate(bus.ports.items())
    }
    start = verilog.index(f"module {manifest['top']}(")
    end = verilog.index("\nendmodule", start)
    done: list[str] = []

    def marked(found: re.Match[str]) -> str:
        if found[1] not in attributes:
            return found[0]
        done.append(found[1])
        return "".join(f"  (* {each} *)\n" for each in attributes[found[1]]) + found[0]

    body = re.sub(r"^  (?:input|output) (?:\[\d+:0\] )?(\w+);$", marked, verilog[start:end], flags=re.M)
    if sorted(done) != sorted(attributes):
        raise ValueError(f"{manifest['top']}: declared {sorted(done)}, of interfaces {sorted(attributes)}")
    text = verilog[:start] + body + verilog[end:]
    return text, {**manifest, FLAG: True, "verilog_sha256": code_sha256(text)}


def _attributes(bus: BusInterface, logical: str, *, is_first: bool) -> list[str]:
    found = [f'X_INTERFACE_INFO = "xilinx.com:{bus.library}:{bus.bus}:1.0 {bus.name} {logical}"']
    if is_first:
        told = "".join(f", {name} {value}" for name, value in bus.parameters.items())
        found.append(f'X_INTERFACE_PARAMETER = "XIL_INTERFACENAME {bus.name}{told}"')
    return found
