"""The manifest: all that a stranger needs to drive a generated module without reading its source."""

import importlib.metadata
from dataclasses import asdict
from typing import Any

from ..entry import Engine
from ..stream.axi import AxiStream, prefix
from ..tools import yosys
from .verilog import Design

__all__ = ["SCHEMA", "manifest"]

_FIELD = {
    "type": "object",
    "required": ["name", "offset", "width", "signed", "format", "lanes"],
    "properties": {
        "name": {"type": "string"},
        "offset": {"type": "integer", "minimum": 0, "description": "of lane 0, in bits of tdata"},
        "width": {"type": "integer", "minimum": 1, "description": "bits of one lane"},
        "signed": {"type": "boolean"},
        "format": {"type": "string"},
        "lanes": {"type": "integer", "minimum": 1, "description": "side by side, lane 0 lowest"},
        "meaning": {"type": "string"},
        "values": {"type": "array", "items": {"type": "number"}, "description": "of the codes 0, 1, …"},
        "when": {
            "type": "string",
            "description": "field of one bit (a lane each, or one for all) without which this one means nothing",
        },
    },
}
_STREAM = {
    "type": "object",
    "required": ["name", "direction", "prefix", "tdata_width", "tlast", "fields"],
    "properties": {
        "name": {"type": "string"},
        "direction": {"enum": ["input", "output"]},
        "prefix": {"type": "string", "description": "of _tdata, _tvalid, _tready and _tlast"},
        "tdata_width": {"type": "integer", "minimum": 8, "multipleOf": 8},
        "tlast": {"type": "boolean"},
        "meaning": {"type": "string", "description": "what a beat is, and when one is due"},
        "fields": {"type": "array", "items": _FIELD},
    },
}
_PORT = {
    "type": "object",
    "required": ["name", "direction", "width"],
    "properties": {
        "name": {"type": "string"},
        "direction": {"enum": ["input", "output"]},
        "width": {"type": "integer", "minimum": 1},
    },
}

#: JSON schema of ``manifest.json``.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "dotforge manifest",
    "type": "object",
    "required": [
        "schema", "engine", "top", "parameters", "clock", "reset", "ports", "streams", "latency",
        "initiation_interval", "tools", "verilog", "verilog_sha256",
    ],
    "properties": {
        "schema": {"const": 1},
        "engine": {"type": "string"},
        "top": {"type": "string"},
        "parameters": {"type": "object"},
        "clock": {"type": "string", "description": "rising edge"},
        "reset": {"type": "string", "description": "synchronous, active high"},
        "ports": {"type": "array", "items": _PORT},
        "streams": {"type": "array", "items": _STREAM},
        "latency": {"type": "integer", "minimum": 0, "description": "cycles, last beat in to its result out"},
        "initiation_interval": {"type": "integer", "minimum": 1, "description": "cycles a beat"},
        "tools": {"type": "object"},
        "verilog": {"type": "string", "description": "file name"},
        "verilog_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
}  # fmt: skip


def manifest(entry: Engine, config: Any, top: AxiStream, design: Design) -> dict[str, Any]:
    """Describe a generated engine; valid under :data:`SCHEMA`."""
    engine = top.engine
    streams = [
        {
            "name": name,
            "direction": direction,
            "prefix": prefix(name, direction),
            "tdata_width": payload.tdata_width,
            "tlast": payload.last,
            "meaning": payload.meaning,
            "fields": payload.describe(),
        }
        for direction, payloads in (("input", engine.inputs), ("output", engine.outputs))
        for name, payload in payloads.items()
    ]
    return {
        "schema": 1,
        "engine": entry.name,
        "top": design.top,
        "parameters": asdict(config),
        "clock": "clk",
        "reset": "rst",
        "ports": [asdict(port) for port in design.ports],
        "streams": streams,
        "latency": top.latency,
        "initiation_interval": engine.initiation_interval,
        "tools": {
            "dotforge": importlib.metadata.version("dotforge"),
            "amaranth": importlib.metadata.version("amaranth"),
            "yosys": yosys.version(yosys.default_engine()),
        },
        "verilog": f"{design.top}.v",
        "verilog_sha256": design.sha256,
    }
