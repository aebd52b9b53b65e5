"""A Verilog testbench that replays golden vectors: for flows and simulators without Python.

It ends with ``$fatal`` on the first wrong beat, on a beat too many, and when nothing comes any more; else it says
``PASS`` and how many beats it compared. With ``+pauses`` sources and sinks pause at random.
"""

from typing import Any

from ..export.design import Generated

__all__ = ["verilog_bench"]

#: Cycles without an expected beat after which the bench gives up.
_PATIENCE = 20_000


def verilog_bench(generated: Generated, vectors: dict[str, Any]) -> str:
    """Return the text of module ``TOP_tb``.

    Parameters
    ----------
    generated : the design
    vectors : of :func:`dotforge.verify.vectors.vectors`
    """
    manifest = generated.manifest
    top, clock, reset = generated.top, manifest["clock"], manifest["reset"]
    widths = {port["name"]: port["width"] for port in manifest["ports"]}
    links = [f".{name}({name})" for name in widths]
    lines = ["`timescale 1ns/1ps", f"module {top}_tb;", f"  reg {clock} = 0, {reset} = 1;",
             f"  always #5 {clock} = ~{clock};", "  integer seed = 1, silent = 0, compared = 0;",
             "  reg pauses = 0;"]  # fmt: skip
    done = []
    for stream in manifest["streams"]:
        given = vectors["inputs" if stream["direction"] == "input" else "outputs"][stream["name"]]
        write = _source if stream["direction"] == "input" else _sink
        lines += write(stream, given, clock, reset, complete=vectors["complete"])
        done.append(f"{stream['prefix']}_index == {len(given)}")
    wires = {f"{stream['prefix']}_{wire}" for stream in manifest["streams"]
             for wire in ("tdata", "tvalid", "tready", "tlast")} | {clock, reset}  # fmt: skip
    for port in manifest["ports"]:
        if port["name"] not in wires:
            value = vectors["ports"].get(port["name"])
            kind = "wire" if value is None else "reg"
            start = "" if value is None else f" = {port['width']}'h{value:x}"
            lines.append(f"  {kind} [{port['width'] - 1}:0] {port['name']}{start};")
    lines += [
        f"  {top} dut (",
        "    " + ",\n    ".join(links),
        "  );",
        "  initial begin",
        '    pauses = $test$plusargs("pauses");',
        f"    repeat (4) @(negedge {clock});",
        f"    {reset} = 0;",
        "  end",
        f"  wire done = {' && '.join(done)};",
        "  integer settled = 0;",
        f"  always @(posedge {clock}) if (!{reset}) begin",
        "    silent <= silent + 1;",
        "    if (done) settled <= settled + 1;",
        "    if (settled == 50) begin",
        f'      $display("PASS {top}: %0d beats compared", compared);',
        "      $finish;",
        "    end",
        f'    if (silent == {_PATIENCE}) $fatal(1, "{top}: nothing comes any more, %0d beats compared", compared);',
        "  end",
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def _memory(prefix: str, width: int, beats: list[list[Any]]) -> list[str]:
    """Return a memory of {tlast, tdata}, filled."""
    lines = [
        f"  reg [{width}:0] {prefix}_beats [0:{max(len(beats), 1) - 1}];",
        f"  integer {prefix}_index = 0;",
    ]
    lines.append("  initial begin")
    for index, (data, last, *_) in enumerate(beats):
        lines.append(f"    {prefix}_beats[{index}] = {{1'b{last}, {width}'h{data}}};")
    return [*lines, "  end"]


def _masks(prefix: str, width: int, beats: list[list[Any]]) -> list[str]:
    """Return a memory of the bits that mean something, and wires for what is compared."""
    lines = [f"  reg [{width - 1}:0] {prefix}_masks [0:{max(len(beats), 1) - 1}];", "  initial begin"]
    for index, (_, _, *mask) in enumerate(beats):
        lines.append(f"    {prefix}_masks[{index}] = {width}'h{mask[0]};")
    return [*lines, "  end"]


def _source(
    stream: dict[str, Any], beats: list[list[Any]], clock: str, reset: str, *, complete: bool
) -> list[str]:
    """Offer beats, each until it is taken."""
    prefix, width = stream["prefix"], stream["tdata_width"]
    ports = [
        f"reg [{width - 1}:0] {prefix}_tdata = 0;",
        f"reg {prefix}_tvalid = 0;",
        f"wire {prefix}_tready;",
    ]
    if stream["tlast"]:
        ports.append(f"reg {prefix}_tlast = 0;")
    target = f"{{{prefix}_tlast, {prefix}_tdata}}" if stream["tlast"] else f"{prefix}_tdata"
    last = len(beats) - 1
    return [
        *(f"  {port}" for port in ports),
        *_memory(prefix, width, beats),
        f"  integer {prefix}_offered = 0;",
        f"  always @(posedge {clock}) begin",
        f"    if ({prefix}_tvalid && {prefix}_tready) begin",
        f"      {prefix}_tvalid <= 0;",
        f"      {prefix}_index <= {prefix}_index + 1;",
        "    end",
        f"    if (!{reset} && (!{prefix}_tvalid || {prefix}_tready) && {prefix}_offered <= {last}",
        "        && !(pauses && $random(seed) % 2 == 0)) begin",
        f"      {prefix}_tvalid <= 1;",
        f"      {target} <= {prefix}_beats[{prefix}_offered];",
        f"      {prefix}_offered <= {prefix}_offered + 1;",
        "    end",
        "  end",
    ]


def _sink(
    stream: dict[str, Any], beats: list[list[Any]], clock: str, reset: str, *, complete: bool
) -> list[str]:
    """Take beats and compare them; after the last one anything may come where the vectors are cut."""
    prefix, width = stream["prefix"], stream["tdata_width"]
    ports = [f"wire [{width - 1}:0] {prefix}_tdata;", f"wire {prefix}_tvalid;", f"reg {prefix}_tready = 0;"]
    if stream["tlast"]:
        ports.append(f"wire {prefix}_tlast;")
    last = f"{prefix}_tlast" if stream["tlast"] else "1'b0"
    masked = bool(beats) and len(beats[0]) > 2
    # A bit that is unknown and means nothing stays out: x & 0 is 0.
    data = f"{prefix}_tdata & {prefix}_masks[{prefix}_index]" if masked else f"{prefix}_tdata"
    too_many = f'$fatal(1, "{prefix}: a beat more than golden");' if complete else ";"
    return [
        *(f"  {port}" for port in ports),
        *_memory(prefix, width, beats),
        *(_masks(prefix, width, beats) if masked else ()),
        f"  always @(posedge {clock}) begin",
        f"    {prefix}_tready <= !(pauses && $random(seed) % 2 == 0);",
        f"    if (!{reset} && {prefix}_tvalid && {prefix}_tready) begin",
        f"      if ({prefix}_index == {len(beats)}) {too_many}",
        f"      else if ({{{last}, {data}}} !== {prefix}_beats[{prefix}_index])",
        f'        $fatal(1, "{prefix}: beat %0d is %h, golden %h", {prefix}_index, {{{last}, {data}}},',
        f"          {prefix}_beats[{prefix}_index]);",
        "      else begin",
        f"        {prefix}_index <= {prefix}_index + 1;",
        "        compared <= compared + 1;",
        "        silent <= 0;",
        "      end",
        "    end",
        "  end",
    ]
