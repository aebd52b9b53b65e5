"""What is compiled around a design with streams: a Verilog wrapper and the macros of ``streams.cpp``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import native, words

__all__ = ["Harness"]

_WIRES = ("tdata", "tvalid", "tready", "tlast")


@dataclass(frozen=True)
class Harness:
    """The ports of a design by what the harness does with them.

    Attributes
    ----------
    manifest : of the design
    inputs, outputs : items of its ``streams``
    constants : input ports outside of streams, which are held
    samples : output ports outside of streams, which are recorded with every beat
    """

    manifest: Mapping[str, Any]
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    constants: list[dict[str, Any]]
    samples: list[dict[str, Any]]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Harness":
        """Sort the ports of a manifest."""
        streams = manifest["streams"]
        wires = {f"{stream['prefix']}_{wire}" for stream in streams for wire in _WIRES}
        wires |= {manifest["clock"], manifest["reset"]}
        others = [port for port in manifest["ports"] if port["name"] not in wires]
        by_direction = [
            [item for item in items if item["direction"] == direction]
            for items in (streams, others)
            for direction in ("input", "output")
        ]
        return cls(manifest, *by_direction)

    def sources(self, verilog: str) -> native.Sources:
        """Return what to build: the design in a wrapper whose port names C++ can say, and the harness."""
        main = (Path(__file__).parent / "streams.cpp").read_text(encoding="utf-8")
        return native.Sources(
            f"{verilog}\n{self._wrapper()}", "dotforge_wrapper", f"{self._macros()}\n{main}"
        )

    @property
    def _has_reset(self) -> bool:
        return any(port["name"] == self.manifest["reset"] for port in self.manifest["ports"])

    def _wrapper(self) -> str:
        """Streams become i0…, o0…, each with a last bit; constants become c0…, samples s0…"""
        ports, links, body = ["input clk"], [f".{self.manifest['clock']}(clk)"], ""
        if self._has_reset:
            ports.append("input rst")
            links.append(f".{self.manifest['reset']}(rst)")
        for letter, streams in (("i", self.inputs), ("o", self.outputs)):
            forward, backward = ("input", "output") if letter == "i" else ("output", "input")
            for index, stream in enumerate(streams):
                name = f"{letter}{index}"
                ports.append(f"{forward} [{stream['tdata_width'] - 1}:0] {name}_data")
                ports += [f"{forward} {name}_valid", f"{forward} {name}_last", f"{backward} {name}_ready"]
                wires = _WIRES if stream["tlast"] else _WIRES[:-1]
                links += [f".{stream['prefix']}_{wire}({name}_{wire[1:]})" for wire in wires]
                if letter == "o" and not stream["tlast"]:
                    body += f"  assign {name}_last = 1'b0;\n"
        for letter, others in (("c", self.constants), ("s", self.samples)):
            for index, port in enumerate(others):
                ports.append(f"{port['direction']} [{port['width'] - 1}:0] {letter}{index}")
                links.append(f".{port['name']}({letter}{index})")
        listed, linked = ",\n  ".join(ports), ",\n    ".join(links)
        instance = f"  {self.manifest['top']} dut (\n    {linked});\n"
        return f"module dotforge_wrapper(\n  {listed});\n{body}{instance}endmodule\n"

    def _macros(self) -> str:
        inputs = " ".join(
            f"X({index}, i{index}, {_bytes(stream)}, {0xFF >> (-stream['tdata_width'] % 8)})"
            for index, stream in enumerate(self.inputs)
        )
        outputs = " ".join(
            f"X({index}, o{index}, {_bytes(stream)})" for index, stream in enumerate(self.outputs)
        )
        constants = " ".join(
            f"X(c{i}, {words.stride(port['width'])})" for i, port in enumerate(self.constants)
        )
        samples = " ".join(f"X(s{i}, {words.stride(port['width'])})" for i, port in enumerate(self.samples))
        return (
            f"#define HAS_RESET {int(self._has_reset)}\n"
            f"#define INPUTS_COUNT {len(self.inputs)}\n#define INPUTS {inputs}\n"
            f"#define OUTPUTS_COUNT {len(self.outputs)}\n#define OUTPUTS {outputs}\n"
            f"#define CONSTANTS {constants}\n#define SAMPLES {samples}\n"
        )


def _bytes(stream: Mapping[str, Any]) -> int:
    return -(-stream["tdata_width"] // 8)
