"""A Verilog testbench that replays golden vectors: for flows and simulators without Python.

It ends with ``$fatal`` on the first wrong beat, on a beat too many, on a beat that changes or vanishes before it is
taken, and when nothing comes any more; else it says ``PASS`` and how many beats it compared. With ``+pauses`` sources
and sinks pause at random, and sinks leave every second beat waiting until they have seen its ``tvalid``.

Of a stream whose beats depend on pauses (``regroups`` in the manifest) it compares the items of every lane instead.
"""

from typing import Any

from ..export.design import Generated
from ..verify.valid_bits import Lane, lanes

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
             f"  always #5 {clock} = ~{clock};", "  integer seed = 1, silent = 0, seen = 0;",
             "  reg pauses = 0;"]  # fmt: skip
    done, counts = [], []
    for stream in manifest["streams"]:
        prefix, complete = stream["prefix"], vectors["complete"]
        given = vectors["inputs" if stream["direction"] == "input" else "outputs"][stream["name"]]
        lines += _declared(stream)
        if stream["direction"] == "input":
            lines += _source(stream, given, clock, reset)
        elif stream.get("regroups"):
            lines += _rules(stream, clock, reset) + _items(stream, given, clock, reset, complete=complete)
            done.append(f"{prefix}_packets {'==' if complete else '>='} {sum(last for _, last, *_ in given)}")
        else:
            lines += _rules(stream, clock, reset) + _sink(stream, given, clock, reset, complete=complete)
        total = _count(stream, given) if stream.get("regroups") else len(given)
        done.append(f"{prefix}_index == {total}")
        counts += [f"{prefix}_index"] if stream["direction"] == "output" else []
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
        f"  wire [31:0] compared = {' + '.join(counts)};",
        f"  wire done = {' && '.join(done)};",
        "  integer settled = 0;",
        f"  always @(posedge {clock}) if (!{reset}) begin",
        "    seen <= compared;",
        "    silent <= compared != seen ? 0 : silent + 1;",
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


def _declared(stream: dict[str, Any]) -> list[str]:
    """Return the wires of a stream."""
    prefix, width = stream["prefix"], stream["tdata_width"]
    ours, theirs = ("reg", "wire") if stream["direction"] == "input" else ("wire", "reg")
    start = " = 0" if ours == "reg" else ""
    lines = [f"  {ours} [{width - 1}:0] {prefix}_tdata{start};", f"  {ours} {prefix}_tvalid{start};"]
    lines.append(f"  {theirs} {prefix}_tready{'' if start else ' = 0'};")
    if stream["tlast"]:
        lines.append(f"  {ours} {prefix}_tlast{start};")
    return lines


def _source(stream: dict[str, Any], beats: list[list[Any]], clock: str, reset: str) -> list[str]:
    """Offer beats, each until it is taken."""
    prefix, width = stream["prefix"], stream["tdata_width"]
    target = f"{{{prefix}_tlast, {prefix}_tdata}}" if stream["tlast"] else f"{prefix}_tdata"
    last = len(beats) - 1
    return [
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


def _last(stream: dict[str, Any]) -> str:
    return f"{stream['prefix']}_tlast" if stream["tlast"] else "1'b0"


def _rules(stream: dict[str, Any], clock: str, reset: str) -> list[str]:
    """Pause, and see that what is offered stays until it is taken."""
    prefix, whole = stream["prefix"], f"{{{_last(stream)}, {stream['prefix']}_tdata}}"
    return [
        f"  reg {prefix}_stalled = 0, {prefix}_waits = 0;",
        f"  reg [{stream['tdata_width']}:0] {prefix}_held;",
        f"  always @(posedge {clock}) begin",
        f"    {prefix}_tready <= !(pauses && ($random(seed) % 2 == 0 || ({prefix}_waits && !{prefix}_tvalid)));",
        f"    if (!{reset} && {prefix}_tvalid && {prefix}_tready) {prefix}_waits <= !{prefix}_waits;",
        f"    if ({prefix}_stalled && {prefix}_tvalid !== 1'b1)",
        f'      $fatal(1, "{prefix}: tvalid fell before tready");',
        f"    if ({prefix}_stalled && {prefix}_held !== {whole})",
        f'      $fatal(1, "{prefix}: tdata or tlast changed before tready");',
        f"    {prefix}_stalled <= !{reset} && {prefix}_tvalid && !{prefix}_tready;",
        f"    {prefix}_held <= {whole};",
        "  end",
    ]


def _sink(
    stream: dict[str, Any], beats: list[list[Any]], clock: str, reset: str, *, complete: bool
) -> list[str]:
    """Take beats and compare them; after the last one anything may come where the vectors are cut."""
    prefix, width, last = stream["prefix"], stream["tdata_width"], _last(stream)
    masked = bool(beats) and len(beats[0]) > 2
    # A bit that is unknown and means nothing stays out: x & 0 is 0.
    data = f"{prefix}_tdata & {prefix}_masks[{prefix}_index]" if masked else f"{prefix}_tdata"
    too_many = f'$fatal(1, "{prefix}: a beat more than golden");' if complete else ";"
    return [
        *_memory(prefix, width, beats),
        *(_masks(prefix, width, beats) if masked else ()),
        f"  always @(posedge {clock})",
        f"    if (!{reset} && {prefix}_tvalid && {prefix}_tready) begin",
        f"      if ({prefix}_index == {len(beats)}) {too_many}",
        f"      else if ({{{last}, {data}}} !== {prefix}_beats[{prefix}_index])",
        f'        $fatal(1, "{prefix}: beat %0d is %h, golden %h", {prefix}_index, {{{last}, {data}}},',
        f"          {prefix}_beats[{prefix}_index]);",
        f"      else {prefix}_index <= {prefix}_index + 1;",
        "    end",
    ]


def _packed(lane: Lane, beats: list[list[Any]]) -> list[tuple[int, int]]:
    """Return the items of a lane: number of the packet, and the bits that go with the flag."""
    items, packet = [], 0
    for data, last, *_ in beats:
        word = int(data, 16)
        if word >> lane.flag & 1:
            value = 0
            for offset, width in reversed(lane.parts):
                value = value << width | (word >> offset & (1 << width) - 1)
            items.append((packet, value))
        packet += last
    return items


def _count(stream: dict[str, Any], beats: list[list[Any]]) -> int:
    return sum(len(_packed(lane, beats)) for lane in lanes(stream))


def _items(
    stream: dict[str, Any], beats: list[list[Any]], clock: str, reset: str, *, complete: bool
) -> list[str]:
    """Take beats and compare the items of every lane, in order, and the packet of each."""
    prefix = stream["prefix"]
    memories = [f"  integer {prefix}_index = 0, {prefix}_packets = 0;"]
    body = [f"  always @(posedge {clock})", f"    if (!{reset} && {prefix}_tvalid && {prefix}_tready) begin"]
    for lane in lanes(stream):
        name, items = f"{prefix}_{lane.name}", _packed(lane, beats)
        width = sum(width for _, width in lane.parts)
        data = ", ".join(
            f"{prefix}_tdata[{offset + width - 1}:{offset}]" for offset, width in reversed(lane.parts)
        )
        memories += [
            f"  reg [{32 + width - 1}:0] {name}_items [0:{max(len(items), 1) - 1}];",
            f"  integer {name}_index = 0;",
            "  initial begin",
            *(
                f"    {name}_items[{index}] = {{32'd{packet}, {width}'h{value:x}}};"
                for index, (packet, value) in enumerate(items)
            ),
            "  end",
        ]
        flag, found = f"{prefix}_tdata[{lane.flag}]", f"{{{prefix}_packets, {data}}}"
        body += [
            f'      if ({flag} === 1\'bx) $fatal(1, "{name}: the flag is unknown");',
            f"      if ({flag}) begin",
            f"        if ({name}_index == {len(items)}) "
            + (f'$fatal(1, "{name}: an item more than golden");' if complete else ";"),
            f"        else if ({found} !== {name}_items[{name}_index])",
            f'          $fatal(1, "{name}: item %0d is %h, golden %h (packet, fields)", {name}_index, {found},',
            f"            {name}_items[{name}_index]);",
            "        else begin",
            f"          {name}_index = {name}_index + 1;",
            f"          {prefix}_index = {prefix}_index + 1;",
            "        end",
            "      end",
        ]
    body += [f"      if ({_last(stream)}) {prefix}_packets <= {prefix}_packets + 1;", "    end"]
    return memories + body
