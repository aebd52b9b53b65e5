"""Writes down what happens at the ports of a design, cycle by cycle, for pictures and for golden vectors.

A bench says which of its runs is recorded (``Bench.start(recorded=True)``; :mod:`recorded_run` runs it by itself), and
the environment variable ``DOTFORGE_BENCH_RECORD`` names the file. The file has a JSON object a line: first ``{"limit":
n}``, the cycles after which nothing more is written, then for every clock edge ``{"reset": 0 or 1, "streams": {name:
[tvalid, tready, tlast, tdata in hexadecimal]}, "ports": {name: value}}`` with the values that the edge took.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

__all__ = ["record"]

#: Cycles of a run after which nothing more is written.
LIMIT = 3000


def record(dut: Any, manifest: Mapping[str, Any]) -> None:
    """Record from now to the end of the test, if anyone asked for it."""
    if name := os.environ.get("DOTFORGE_BENCH_RECORD"):
        cocotb.start_soon(_record(dut, manifest, Path(name)))


async def _record(dut: Any, manifest: Mapping[str, Any], path: Path) -> None:
    streams = {
        stream["name"]: [
            getattr(dut, f"{stream['prefix']}_{wire}") if wire != "tlast" or stream["tlast"] else None
            for wire in ("tvalid", "tready", "tlast", "tdata")
        ]
        for stream in manifest["streams"]
    }
    wires = {f"{stream['prefix']}_{wire}" for stream in manifest["streams"]
             for wire in ("tvalid", "tready", "tlast", "tdata")}  # fmt: skip
    others = [port["name"] for port in manifest["ports"]
              if port["name"] not in wires | {manifest["clock"], manifest["reset"]}]  # fmt: skip
    clock, reset = getattr(dut, manifest["clock"]), getattr(dut, manifest["reset"])
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"limit": LIMIT}, allow_nan=False) + "\n")
        for _ in range(LIMIT):
            await RisingEdge(clock)
            beats = {
                name: [*(_number(wire) for wire in found[:3]), f"{_number(found[3]) or 0:x}"]
                for name, found in streams.items()
            }
            ports = {name: _number(getattr(dut, name)) for name in others}
            file.write(
                json.dumps({"reset": _number(reset), "streams": beats, "ports": ports}, allow_nan=False)
                + "\n"
            )
            file.flush()  # the test may end at any edge


def _number(wire: Any) -> int | None:
    if wire is None:
        return 0
    value = wire.value
    return value.to_unsigned() if hasattr(value, "to_unsigned") and value.is_resolvable else _bit(value)


def _bit(value: Any) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None
