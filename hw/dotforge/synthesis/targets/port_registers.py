"""The frame that a design is placed in: a register at every port, so that every path of it counts.

nextpnr's Fmax is that of paths from register to register; what lies between a port and the first register of a
design would not count at all. And a design has more ports than a package has pins. So inputs come from a shift
register with one pin, and outputs go into registers that a second shift register folds into one pin::

    scan_in ─►[q]─►[q]─►[q]─ …           [q]─►xor─►[q]─►xor─►[q]─► scan_out
               │    │    │                     ▲          ▲
               ▼    ▼    ▼                    [q]        [q]
             ┌──────────────┐                  │          │
             │    design    ├──────────────────┴──────────┘
             └──────────────┘

Nothing of the frame is on a path from the design but one register at each end; its cost is not in the counts,
which come from a run without it.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["frame", "ports"]


def ports(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the ports of the frame.

    Parameters
    ----------
    manifest : of the design inside
    """
    return manifest["clock"], "scan_in", "scan_out"


def frame(manifest: Mapping[str, Any], name: str) -> str:
    """Return the Verilog of the frame.

    Parameters
    ----------
    manifest : of the design inside
    name : of the module; its ports are the design's clock, ``scan_in`` and ``scan_out``
    """
    clock = manifest["clock"]
    inputs = [port for port in manifest["ports"] if port["direction"] == "input" and port["name"] != clock]
    outputs = [port for port in manifest["ports"] if port["direction"] == "output"]
    width_in = sum(port["width"] for port in inputs)
    width_out = sum(port["width"] for port in outputs)
    links = [f".{port['name']}({port['name']})" for port in manifest["ports"] if port["name"] == clock]
    for vector, ports in (("drive", inputs), ("observe", outputs)):
        offset = 0
        for port in ports:
            links.append(f".{port['name']}({vector}[{offset + port['width'] - 1}:{offset}])")
            offset += port["width"]
    joined = ",\n    ".join(links)
    # A concatenation one bit longer than its target loses the top bit: that shifts, at any width.
    return f"""
module {name}(input {clock}, input scan_in, output scan_out);
  reg [{max(width_in, 1) - 1}:0] drive;
  reg [{width_out - 1}:0] caught, fold;
  wire [{width_out - 1}:0] observe;
  assign scan_out = fold[{width_out - 1}];
  always @(posedge {clock}) begin
    drive <= {{drive, scan_in}};
    caught <= observe;
    fold <= caught ^ {{fold, 1'b0}};
  end
  {manifest["top"]} design (
    {joined});
endmodule
"""
