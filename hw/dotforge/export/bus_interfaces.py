"""The bus interfaces of a generated engine: clock, reset, AXI-Stream, AXI4-Lite, by the names of Vivado's IP catalog.

Those names are what IP-XACT writes (:mod:`dotforge.delivery.ipxact`) and what attributes in the Verilog carry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BusInterface", "bus_interfaces"]

#: Port names of the AXI4-Lite slave begin with it.
_AXI_LITE = "s_axi"


@dataclass(frozen=True)
class BusInterface:
    """Ports that belong together.

    Attributes
    ----------
    name : of the interface: the prefix of its ports, or the port where there is one
    library, bus : what kind it is: ``xilinx.com:<library>:<bus>:1.0``
    is_master : whether the engine begins transfers (a stream's output)
    ports : logical name, as in ``TDATA`` → port of the module
    parameters : name → value
    meaning : for people
    """

    name: str
    library: str
    bus: str
    is_master: bool
    ports: Mapping[str, str]
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    meaning: str = ""


def bus_interfaces(manifest: Mapping[str, Any]) -> list[BusInterface]:
    """Return all interfaces of an engine: clock, reset, streams, registers. Ports of status are in none.

    Parameters
    ----------
    manifest : of the engine
    """
    roles = {role: [port for port in manifest["ports"] if port["role"] == role]
             for role in ("clock", "reset", "axi_lite")}  # fmt: skip
    buses = [_stream(stream, manifest["ports"]) for stream in manifest["streams"]]
    if roles["axi_lite"]:
        buses.append(_axi_lite(roles["axi_lite"]))
    found = []
    for port in roles["clock"]:
        parameters: dict[str, int | str] = {"ASSOCIATED_BUSIF": ":".join(bus.name for bus in buses)}
        if roles["reset"]:
            parameters["ASSOCIATED_RESET"] = roles["reset"][0]["name"]
        found.append(BusInterface(port["name"], "signal", "clock", False, {"CLK": port["name"]}, parameters))
    found += [
        BusInterface(
            port["name"], "signal", "reset", False, {"RST": port["name"]}, {"POLARITY": "ACTIVE_HIGH"}
        )
        for port in roles["reset"]
    ]
    return found + buses


def _stream(stream: Mapping[str, Any], ports: list[dict[str, Any]]) -> BusInterface:
    names = [port["name"] for port in ports if port.get("stream") == stream["name"]
             and port["name"].startswith(f"{stream['prefix']}_t")]  # fmt: skip
    parameters = {
        "TDATA_NUM_BYTES": stream["tdata_width"] // 8,
        "TDEST_WIDTH": 0,
        "TID_WIDTH": 0,
        "TUSER_WIDTH": 0,
        "HAS_TREADY": 1,
        "HAS_TSTRB": 0,
        "HAS_TKEEP": int(stream.get("tkeep", False)),
        "HAS_TLAST": int(stream["tlast"]),
    }
    return BusInterface(
        stream["prefix"],
        "interface",
        "axis",
        stream["direction"] == "output",
        _logical(stream["prefix"], names),
        parameters,
        stream.get("meaning", ""),
    )


def _axi_lite(ports: list[dict[str, Any]]) -> BusInterface:
    widths = {port["name"]: port["width"] for port in ports}
    parameters = {
        "PROTOCOL": "AXI4LITE",
        "ADDR_WIDTH": widths[f"{_AXI_LITE}_awaddr"],
        "DATA_WIDTH": widths[f"{_AXI_LITE}_wdata"],
    }
    return BusInterface(
        _AXI_LITE, "interface", "aximm", False, _logical(_AXI_LITE, list(widths)), parameters, "registers"
    )


def _logical(prefix: str, names: list[str]) -> dict[str, str]:
    """``s_axis_a_tdata`` → ``TDATA``: ``s_axis_a_tdata``."""
    return {name.removeprefix(f"{prefix}_").upper(): name for name in names}
