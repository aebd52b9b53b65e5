"""The manifest: all that a stranger needs to drive a generated module without reading its source."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..entry import Engine
from ..facts import PortFact
from ..stream.axi import AxiStream, prefix
from ..stream.outside import outside_rules
from ..stream.register_slice import DEPTH
from ..tools import yosys
from .manifest_schema import SCHEMA
from .netlist import Netlist
from .port_paths import port_paths
from .reset_state import state_in_reset
from .verilog import Design, Port

__all__ = ["SCHEMA", "manifest"]


def manifest(entry: Engine, config: Any, top: AxiStream, design: Design) -> dict[str, Any]:
    """Describe a generated engine; valid under :data:`SCHEMA`.

    What the engine declares is in it as it is; paths and states in reset are found in the netlist.

    Parameters
    ----------
    entry : the engine
    config : its configuration
    top : the block that was converted
    design : what it was converted to
    """
    engine, facts = top.engine, entry.told(config)
    netlist = Netlist(design.cells, design.top)
    paths = port_paths(netlist)
    return {
        "schema": 2,
        "engine": entry.name,
        "top": design.top,
        "function": [*facts.function, *filter(None, [facts.choice])],
        "parameters": asdict(config),
        "resolved": dict(facts.resolved),
        "idle": list(facts.idle),
        "clock": "clk",
        "reset": "rst",
        "ports": [_port(port, top, facts.ports) for port in design.ports],
        "streams": _streams(top, netlist, paths, config.register_slices),
        "combinational_paths": [{"input": source, "output": target} for source, target in paths],
        "rules": [asdict(rule) for rule in (*facts.rules, *outside_rules(engine, config))],
        "latency": top.latency,
        "initiation_interval": engine.initiation_interval,
        "intervals": [
            {name: value for name, value in asdict(interval).items() if value != ""}
            for interval in facts.intervals
        ],
        "storage_bits": netlist.storage_bits,
        "tools": {
            "dotforge": importlib.metadata.version("dotforge"),
            "amaranth": importlib.metadata.version("amaranth"),
            "yosys": yosys.version(yosys.installed()),
        },
        "verilog": f"{design.top}.v",
        "verilog_sha256": design.sha256,
    }


def _port(port: Port, top: AxiStream, facts: Mapping[str, PortFact]) -> dict[str, Any]:
    told: dict[str, Any] = {**asdict(port), "role": {"clk": "clock", "rst": "reset"}.get(port.name, "status")}
    for direction, payloads in (("input", top.inputs), ("output", top.outputs)):
        for name in payloads:
            if port.name.startswith(f"{prefix(name, direction)}_t"):
                return {**told, "role": "stream", "stream": name}
    if port.name.startswith("s_axi_"):
        return {**told, "role": "axi_lite"}
    if port.name in facts:
        fact = facts[port.name]
        told["meaning"] = fact.meaning
        if fact.choices:
            told["enumeration"] = [asdict(choice) for choice in fact.choices]
    return told


def _streams(
    top: AxiStream, netlist: Netlist, paths: list[tuple[str, str]], slices: str
) -> list[dict[str, Any]]:
    rows = []
    inside = {**top.engine.inputs, **top.engine.outputs}
    for direction, payloads in (("input", top.inputs), ("output", top.outputs)):
        for name, payload in payloads.items():
            wire = "tready" if direction == "input" else "tvalid"
            port = f"{prefix(name, direction)}_{wire}"
            inputs = [source for source, target in paths if target == port]
            rows.append(
                {
                    "name": name,
                    "direction": direction,
                    "prefix": prefix(name, direction),
                    "tdata_width": payload.tdata_width,
                    "tlast": payload.last,
                    "meaning": payload.meaning,
                    f"{wire}_in_reset": state_in_reset(netlist, port, inputs),
                    "fields": payload.describe(),
                    **({"packet": payload.describe_packet()} if payload.packet else {}),
                    **({"regroups": True} if payload.regroups else {}),
                    **({"tkeep": True} if payload.keep else {}),
                    **({"short_beats": True} if payload.keep and not inside[name].keep else {}),
                    **({"slice": DEPTH} if slices in ("both", direction.removesuffix("put")) else {}),
                    **({"joins": payload.describe_joins()} if payload.joins else {}),
                }
            )
    return rows
