"""What every engine owes at its ports: a Verilog module around it with outputs that are high where a rule is broken.

Inputs are free, in every cycle: a source may take back what it offered, and reset may come at any time. Registers begin
with zeros, and the first cycle is one of reset.
"""

from dataclasses import dataclass
from typing import Any

from ..verify.valid_bits import gates
from .subjects import Subject

__all__ = ["READY", "Rules", "rules"]

#: Ends the name of what is no rule, and only found out: whether an input is ready in reset. None takes a beat there.
READY = ": ready in reset"

#: More dot products than any small configuration has inside.
_MOST = 100


@dataclass(frozen=True)
class Rules:
    """The module ``rules`` and its outputs by rule.

    Attributes
    ----------
    verilog : of the module and the design
    outputs : rule → output that is high where it is broken
    bound : cycles within which results have to come
    """

    verilog: str
    outputs: dict[str, str]
    bound: int


def rules(subject: Subject) -> Rules:
    """Return the rules of an engine.

    Parameters
    ----------
    subject : an engine

    Raises
    ------
    ValueError
        It is a network.
    """
    manifest = subject.manifest
    if manifest is None:
        raise ValueError(f"{subject.name} has no streams")
    inputs = [
        port for port in subject.ports if port["direction"] == "input" and port["name"] not in ("clk", "rst")
    ]
    outputs = [port for port in subject.ports if port["direction"] == "output"]
    heads = ["input clk", "input again", *(f"input [{p['width'] - 1}:0] {p['name']}" for p in inputs)]
    body = ["reg begun = 0, was_reset = 0;", "wire rst = again | !begun;"]
    body.append("always @(posedge clk) begin begun <= 1; was_reset <= rst; end")
    body += [f"wire [{port['width'] - 1}:0] {port['name']};" for port in outputs]
    links = ", ".join(f".{port['name']}({port['name']})" for port in subject.ports)
    body.append(f"{subject.top} dut ({links});")
    broken: dict[str, str] = {}
    for stream in manifest["streams"]:
        prefix, name = stream["prefix"], stream["name"]
        if stream["direction"] == "input":
            broken[f"{name}{READY}"] = f"was_reset & rst & {prefix}_tready"
            continue
        broken[f"{name}: not valid in reset"] = f"was_reset & rst & {prefix}_tvalid"
        body += _held(stream)
        broken[f"{name}: valid and data stay until ready"] = (
            f"{prefix}_held & !rst & (!{prefix}_tvalid | {prefix}_turned)"
        )
    if any(port["name"] == "error" for port in outputs):
        body.append("reg error_before = 0; always @(posedge clk) error_before <= error & !rst;")
        broken["error: stays until reset"] = "begun & !was_reset & error_before & !error"
    bound = 4 * (manifest["latency"] + 4)
    if subject.ends:
        body += _counters(subject, bound)
        (output,) = (stream["prefix"] for stream in manifest["streams"] if stream["direction"] == "output")
        broken["no result without an item, or twice"] = f"!rst & {output}_tvalid & inside == 0"
        broken["no more items inside than fit"] = f"inside > {_MOST}"
        broken["a result for every item, in time"] = f"quiet == {bound} & inside != 0"
    names = {rule: f"broken_{number}" for number, rule in enumerate(broken)}
    heads += [f"output {port}" for port in names.values()]
    body += [f"assign {names[rule]} = begun & ({term});" for rule, term in broken.items()]
    text = "\n  ".join([f"module rules({', '.join(heads)});", *body])
    return Rules(f"{subject.verilog}\n{text}\nendmodule\n", names, bound)


def _held(stream: dict[str, Any]) -> list[str]:
    """Return registers that know what was offered and not taken; of data, what means something."""
    prefix, width = stream["prefix"], stream["tdata_width"]
    mask = ["1'b1"] * width
    for offset, size, bit in gates(stream):
        mask[offset : offset + size] = [f"{prefix}_before[{bit}]"] * size
    bits = ", ".join(reversed(mask))
    last = f"({prefix}_tlast ^ {prefix}_last)" if stream["tlast"] else "1'b0"
    return [
        f"reg {prefix}_held = 0, {prefix}_last = 0; reg [{width - 1}:0] {prefix}_before = 0;",
        f"always @(posedge clk) begin {prefix}_held <= !rst & {prefix}_tvalid & !{prefix}_tready; "
        f"{prefix}_before <= {prefix}_tdata; {f'{prefix}_last <= {prefix}_tlast;' if stream['tlast'] else ''} end",
        f"wire {prefix}_turned = {last} | (|(({prefix}_tdata ^ {prefix}_before) & {{{bits}}}));",
    ]


def _counters(subject: Subject, bound: int) -> list[str]:
    """Return counters of items whose result has not been taken, and of cycles in which all could go, nothing came."""
    assert subject.manifest is not None
    assert subject.ends is not None
    name, every = subject.ends
    streams = {stream["name"]: stream["prefix"] for stream in subject.manifest["streams"]}
    (output,) = (
        stream["prefix"] for stream in subject.manifest["streams"] if stream["direction"] == "output"
    )
    source = streams[name]
    ends = f"{source}_tlast" if every is None else "1'b1"
    lines = []
    if every is not None and every > 1:  # or with so many beats
        lines.append("reg [15:0] beats = 0;")
        ends = f"({source}_tlast | beats == {every - 1})"
        lines.append(
            f"always @(posedge clk) if (rst) beats <= 0; else if ({source}_tvalid & {source}_tready) "
            f"beats <= {ends} ? 0 : beats + 1;"
        )
    valid = " | ".join(
        f"{s['prefix']}_tvalid" for s in subject.manifest["streams"] if s["direction"] == "input"
    )
    return [
        *lines,
        f"wire comes = {source}_tvalid & {source}_tready & {ends}, goes = {output}_tvalid & {output}_tready;",
        "reg [7:0] inside = 0; reg [15:0] quiet = 0;",
        "always @(posedge clk) if (rst) inside <= 0; else inside <= inside + comes - goes;",
        f"always @(posedge clk) if (rst | {valid} | !{output}_tready) quiet <= 0;",
        f"  else if (quiet != {bound}) quiet <= quiet + 1;",
    ]
