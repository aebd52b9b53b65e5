"""Small Verilog designs with streams, and their manifests."""

from typing import Any


def adder(width: int = 16, *, prefix: str = "adder") -> str:
    """Return a stream module: beats of two numbers in, their sum out, through a two-entry skid buffer.

    `tlast` goes with the beat; `total` counts the beats taken; `error` is sticky, set by a sum over `limit`.
    """
    return f"""
module {prefix}(
  input clk, input rst, input [{width - 1}:0] limit, output reg error, output reg [31:0] total,
  input [{2 * width - 1}:0] s_axis_pairs_tdata, input s_axis_pairs_tvalid, input s_axis_pairs_tlast,
  output s_axis_pairs_tready,
  output [{width}:0] m_axis_sums_tdata, output m_axis_sums_tvalid, output m_axis_sums_tlast,
  input m_axis_sums_tready);
  reg [{width + 1}:0] first, second;
  reg [1:0] count;
  initial begin count = 0; error = 0; total = 0; first = 0; second = 0; end
  wire [{width}:0] sum = s_axis_pairs_tdata[{width - 1}:0] + s_axis_pairs_tdata[{2 * width - 1}:{width}];
  wire take = s_axis_pairs_tvalid & s_axis_pairs_tready;
  wire give = m_axis_sums_tvalid & m_axis_sums_tready;
  assign s_axis_pairs_tready = count != 2;
  assign m_axis_sums_tvalid = count != 0;
  assign {{m_axis_sums_tlast, m_axis_sums_tdata}} = first;
  always @(posedge clk) begin
    if (take) begin
      total <= total + 1;
      if (sum > {{1'b0, limit}}) error <= 1;
    end
    if (give) first <= second;
    if (take) begin
      if (count == {{1'b0, give}}) first <= {{s_axis_pairs_tlast, sum}};
      else second <= {{s_axis_pairs_tlast, sum}};
    end
    count <= count + {{1'b0, take}} - {{1'b0, give}};
    if (rst) begin count <= 0; error <= 0; total <= 0; end
  end
endmodule
"""


def mutations() -> dict[str, str]:
    """Return the adder broken on purpose, name → Verilog."""
    toggle = "  reg toggle = 0; always @(posedge clk) toggle <= ~toggle;\n"
    changes = {
        "drops a beat under backpressure": ("= count != 2;", "= 1;"),
        "offers a beat that it does not have": ("= count != 0;", "= count != 0 | s_axis_pairs_tvalid;"),
        "loses tlast": ("{s_axis_pairs_tlast, sum}", "{1'b0, sum}"),
        "adds one too much": ("sum = s_axis_pairs_tdata", "sum = 1'b1 + s_axis_pairs_tdata"),
        "withdraws valid": ("tvalid = count != 0;", "tvalid = count != 0 & toggle;\n" + toggle),
    }
    broken = {}
    for name, (old, new) in changes.items():
        broken[name] = adder().replace(old, new)
        assert broken[name] != adder(), name
    return broken


def manifest(width: int = 16) -> dict[str, Any]:
    """Return the manifest of :func:`adder`."""
    ports = [
        ("clk", "input", 1),
        ("rst", "input", 1),
        ("limit", "input", width),
        ("error", "output", 1),
        ("total", "output", 32),
        ("s_axis_pairs_tdata", "input", 2 * width),
        ("s_axis_pairs_tvalid", "input", 1),
        ("s_axis_pairs_tlast", "input", 1),
        ("s_axis_pairs_tready", "output", 1),
        ("m_axis_sums_tdata", "output", width + 1),
        ("m_axis_sums_tvalid", "output", 1),
        ("m_axis_sums_tlast", "output", 1),
        ("m_axis_sums_tready", "input", 1),
    ]

    def values(name: str, bits: int, offset: int = 0) -> dict[str, Any]:
        return {
            "name": name,
            "offset": offset,
            "width": bits,
            "signed": False,
            "format": "uint",
            "lanes": 1,
        }

    return {
        "schema": 1,
        "engine": "adder",
        "top": "adder",
        "parameters": {"width": width},
        "clock": "clk",
        "reset": "rst",
        "ports": [{"name": name, "direction": direction, "width": bits} for name, direction, bits in ports],
        "streams": [
            {
                "name": "pairs",
                "direction": "input",
                "prefix": "s_axis_pairs",
                "tdata_width": 2 * width,
                "tlast": True,
                "fields": [values("a", width), values("b", width, width)],
            },
            {
                "name": "sums",
                "direction": "output",
                "prefix": "m_axis_sums",
                "tdata_width": width + 1,
                "tlast": True,
                "fields": [values("sum", width + 1)],
            },
        ],
        "latency": 1,
        "initiation_interval": 1,
        "tools": {},
        "verilog_sha256": "",
    }
