"""The JSON schema of ``manifest.json``."""

from typing import Any

from ..stream.payload import ROLES
from ..tools.owned import FILES_SCHEMA
from .reset_state import STATES

__all__ = ["SCHEMA"]

_TEXT = {"type": "string"}
_CYCLES = {"type": "integer", "minimum": 0}
_WIDTH = {"type": "integer", "minimum": 1}
_WAY = {"enum": ["input", "output"]}
_STATE = {
    "enum": list(STATES),
    "description": "from the first clock edge on: low, high; follows: what the inputs with a combinational "
    "path to it make of it; unknown: depends on what was before",
}


def _list(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        **more,
    }


_FIELD = _object(
    {
        "name": _TEXT,
        "offset": {"type": "integer", "minimum": 0, "description": "of lane 0, in bits of tdata"},
        "width": {**_WIDTH, "description": "bits of one lane"},
        "signed": {"type": "boolean", "description": "two's complement"},
        "format": {**_TEXT, "description": "number format, as in int8, uint3, fp8_e4m3 or dally3"},
        "unit": {"type": "integer", "description": "the number is what the format says times 2^unit"},
        "role": {
            "enum": list(ROLES),
            "description": "; ".join(f"{role}: {told}" for role, told in ROLES.items()),
        },
        "lanes": {**_WIDTH, "description": "side by side, lane 0 lowest"},
    },
    {
        "meaning": _TEXT,
        "encoding": {**_TEXT, "description": "how a code is read"},
        "values": _list(
            {"anyOf": [{"type": "number"}, {"enum": ["nan", "inf", "-inf"]}]},
            description="of the codes 0, 1, …",
        ),
        "when": {
            **_TEXT,
            "description": "field of one bit (a lane each, or one for all) without which this one means nothing",
        },
    },
)
_PACKET = _object(
    {
        "beats": {**_WIDTH, "description": "up to tlast"},
        "fields": _list(
            _object(
                {
                    "name": _TEXT,
                    "meaning": _TEXT,
                    "bits": _list(
                        _object({"beat": _CYCLES, "bit": {**_CYCLES, "description": "of tdata"}, "of": _TEXT})
                    ),
                }
            )
        ),
    },
    description="what all beats up to tlast hold together",
)
_STREAM = _object(
    {
        "name": _TEXT,
        "direction": _WAY,
        "prefix": {**_TEXT, "description": "of _tdata, _tvalid, _tready and _tlast"},
        "tdata_width": {"type": "integer", "minimum": 8, "multipleOf": 8},
        "tlast": {"type": "boolean"},
        "fields": _list(_FIELD),
    },
    {
        "meaning": {**_TEXT, "description": "what a beat is, and when one is due"},
        "packet": _PACKET,
        "regroups": {
            "type": "boolean",
            "description": "pauses decide which items share a beat, where an item is what goes with a lane of a flag "
            "(when); each lane's items come in order, and before or with their tlast",
        },
        "tkeep": {"type": "boolean", "description": "whether it has that port; if not, all bytes count"},
        "short_beats": {
            "type": "boolean",
            "description": "bytes that tkeep of an input does not keep are read as zeros; an output keeps all",
        },
        "slice": {**_WIDTH, "description": "beats that a register slice of the stream holds"},
        "joins": _list(
            _object(
                {
                    "name": _TEXT,
                    "offset": {
                        "type": "integer",
                        "minimum": 0,
                        "multipleOf": 8,
                        "description": "in bits of tdata",
                    },
                    "tdata_width": {"type": "integer", "minimum": 8, "multipleOf": 8},
                    "tlast": {"type": "boolean"},
                    "fields": _list(_FIELD),
                }
            ),
            description="streams that are joined in this one: each as it is by itself, a beat of each in a beat",
        ),
        "tready_in_reset": _STATE,
        "tvalid_in_reset": _STATE,
    },
)
_PORT = _object(
    {
        "name": _TEXT,
        "direction": _WAY,
        "width": _WIDTH,
        "role": {"enum": ["clock", "reset", "stream", "axi_lite", "status"]},
    },
    {
        "stream": {**_TEXT, "description": "that it is a part of"},
        "meaning": _TEXT,
        "enumeration": _list(_object({"value": {"type": "integer"}, "name": _TEXT, "meaning": _TEXT})),
    },
)
_INTERVAL = _object({"name": _TEXT, "cycles": _CYCLES, "start": _TEXT, "end": _TEXT}, {"condition": _TEXT})

#: JSON schema of ``manifest.json``.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "dotforge manifest",
    **_object(
        {
            "schema": {"const": 2},
            "engine": _TEXT,
            "top": _TEXT,
            "function": _list({**_TEXT, "description": "a paragraph, Markdown"}),
            "parameters": {"type": "object"},
            "resolved": {
                "type": "object",
                "description": "parameter → value that auto, or the like, stands for here",
            },
            "idle": _list({**_TEXT, "description": "parameter without effect beside the others"}),
            "clock": {**_TEXT, "description": "rising edge"},
            "reset": {**_TEXT, "description": "synchronous, active high"},
            "ports": _list(_PORT),
            "streams": _list(_STREAM),
            "combinational_paths": _list(
                _object({"input": _TEXT, "output": _TEXT}),
                description="every one from port to port, of the structure of the netlist",
            ),
            "rules": _list(_object({"topic": _TEXT, "text": {**_TEXT, "description": "Markdown"}})),
            "latency": {**_CYCLES, "description": "cycles, last beat in to its result out"},
            "initiation_interval": {"type": "integer", "minimum": 1, "description": "cycles a beat"},
            "intervals": _list(_INTERVAL, description="other cycles, without pauses of any neighbour"),
            "storage_bits": {**_CYCLES, "description": "of arrays, without a value after power-up and reset"},
            "tools": {"type": "object"},
            "verilog": {**_TEXT, "description": "file name"},
            "verilog_sha256": {
                **_TEXT,
                "pattern": "^[0-9a-f]{64}$",
                "description": "of the Verilog without its lines of comment",
            },
        },
        {
            "files": FILES_SCHEMA,
            "vivado_attributes": {
                "const": True,
                "description": "ports have X_INTERFACE_INFO and X_INTERFACE_PARAMETER",
            },
        },
    ),
}
