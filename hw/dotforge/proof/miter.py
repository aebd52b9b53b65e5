"""A miter: a design and a mutant of it side by side, and an output that is high where anybody could tell them apart.

Both get the same inputs. They begin with zeros in all registers and a cycle in reset; reset may come again at any time.
Sources are legal: what they offer stays until it is taken, and is what its stream allows
(:class:`dotforge.proof.subjects.Subject`). Outputs are compared in every cycle: handshake wires and
plain ports always, data while they mean something (``tvalid``, and the flags that fields wait for).
"""

import re
from collections.abc import Iterator
from typing import Any

from ..tools import abc, yosys
from ..tools.process import ToolError
from ..verify.valid_bits import gates
from .mutants import Mutant
from .subjects import Subject

__all__ = ["PROVEN", "compare", "latches", "wrapper"]

#: Verdict on a mutant that nobody can tell from the design, however long.
PROVEN = "proven"


def compare(subject: Subject, flat: str, mutant: Mutant, *, seconds: int = 20, depth: int = 40) -> str:
    """Say whether a mutant changes nothing.

    ``proven``, ``differs in N cycles``, ``none in N cycles`` where all of ``depth`` were searched, or else
    ``undecided`` with what was.

    Parameters
    ----------
    subject : the design
    flat : its RTLIL, see :func:`dotforge.proof.mutants.flattened`
    mutant : of it
    seconds : of each of the two searches, and an eighth of all that it takes
    depth : cycles of the bounded one

    Raises
    ------
    ToolError
        There is no ABC here, or one of the tools failed.
    """
    top = subject.top
    script = [
        "read_rtlil flat.il",
        f"rename {top} gold",
        "design -stash first",
        "read_rtlil flat.il",
        mutant.alone,
        f"rename {top} gate",
        "design -copy-from first gold",
        "read_verilog wrapper.v",
    ]
    blif = latches(script, {"flat.il": flat, "wrapper.v": wrapper(subject)}, "miter")
    simplified = ["read_blif miter.blif", "strash", "zero", "scorr", "dc2", "scorr"]
    searches = ["sat", f"bmc3 -F {depth} -T {seconds}", f"pdr -T {seconds}"]
    try:
        said = abc.run([*simplified, *searches], {"miter.blif": blif}, [""], timeout=8 * seconds)[""]
    except ToolError as error:
        if "did not end" in str(error):
            return "undecided in the time that there was"
        raise
    return _verdict(said, depth)


def latches(script: list[str], files: dict[str, str], top: str) -> str:
    """Return a design as BLIF of gates and latches that begin with zero.

    Parameters
    ----------
    script : commands of Yosys that read it
    files : for them, name → text
    top : module
    """
    flow = [
        f"hierarchy -top {top}",
        "flatten",
        "proc",
        "opt -full",
        "memory -nomap",
        "memory_map",
        "opt -full",
        "techmap",
        "setundef -zero -undriven -init",
        "dfflegalize -cell $_DFF_P_ 01",
        "simplemap",
        "aigmap",
        "opt_clean",
        "write_blif made.blif",
    ]
    return yosys.run([*script, *flow], files, ["made.blif"])["made.blif"]


def _verdict(said: str, depth: int) -> str:
    """Return what ABC found; ``sat`` decides where nothing but constants was left, and refuses all else.

    Raises
    ------
    ToolError
        It found nothing out.
    """
    if re.search(r"^UNSATISFIABLE|Property proved", said, re.M):
        return PROVEN
    if found := re.search(r"was asserted in frame (\d+)", said):
        return f"differs in {int(found[1]) + 1} cycles"
    if found := re.search(r"No output asserted in (\d+) frames", said):
        return f"{'none' if int(found[1]) >= depth else 'undecided, none'} in {found[1]} cycles"
    raise ToolError(f"ABC: nothing was decided: {' '.join(said.split())[-200:]}")


def wrapper(subject: Subject) -> str:
    """Return the module ``miter`` as Verilog.

    Parameters
    ----------
    subject : whose ports it has
    """
    clock, reset = "clk", "rst"
    names = {port["name"] for port in subject.ports}
    inputs = [p for p in subject.ports if p["direction"] == "input" and p["name"] not in (clock, reset)]
    outputs = [p for p in subject.ports if p["direction"] == "output"]
    heads = ["input clk", "input again", *(f"input [{p['width'] - 1}:0] {p['name']}" for p in inputs)]
    body = [
        "reg begun = 0, broken = 0;",
        "wire rst = again | !begun;",
        "always @(posedge clk) begin begun <= 1; broken <= broken | !legal; end",
    ]
    for side in ("gold", "gate"):
        body += [f"wire [{p['width'] - 1}:0] {side}_{p['name']};" for p in outputs]
        links = [f".{p['name']}({p['name']})" for p in inputs]
        links += [f".{p['name']}({side}_{p['name']})" for p in outputs]
        links += [f".{name}({name})" for name in (clock, reset) if name in names]
        body.append(f"{side} {side} ({', '.join(links)});")
    rules = [*_legal(subject, body), "1"]
    body.append(f"wire legal = {' & '.join(rules)};")
    apart = " | ".join(_apart(subject, outputs))
    body.append(f"assign bad = begun & legal & !broken & ({apart});")
    text = "\n  ".join([f"module miter({', '.join(heads)}, output bad);", *body])
    return f"{text}\nendmodule\n"


def _streams(subject: Subject, direction: str) -> list[dict[str, Any]]:
    manifest = subject.manifest or {"streams": []}
    return [stream for stream in manifest["streams"] if stream["direction"] == direction]


def _legal(subject: Subject, body: list[str]) -> Iterator[str]:
    """Yield what must hold of each source; registers that it takes go into the body."""
    for stream in _streams(subject, "input"):
        prefix = stream["prefix"]
        wires = [f"{prefix}_tdata"] + [f"{prefix}_tlast"] * bool(stream["tlast"])
        offered = f"{{{', '.join(wires)}}}"
        width = stream["tdata_width"] + bool(stream["tlast"])
        body.append(f"reg {prefix}_held = 0; reg [{width - 1}:0] {prefix}_before = 0;")
        body.append(
            f"always @(posedge clk) begin {prefix}_held <= !rst & {prefix}_tvalid & !gold_{prefix}_tready; "
            f"{prefix}_before <= {offered}; end"
        )
        yield f"(!{prefix}_held | ({prefix}_tvalid & {prefix}_before == {offered}))"
        for each in stream["fields"]:
            least = subject.least.get(stream["name"], {}).get(each["name"], 0)
            if least:
                part = f"{prefix}_tdata[{each['offset'] + each['width'] - 1}:{each['offset']}]"
                yield f"(!{prefix}_tvalid | {part} >= {least})"
    widths = {port["name"]: port["width"] for port in subject.ports}
    for name, output in subject.steady.items():
        body.append(f"reg [{widths[name] - 1}:0] {name}_before = 0;")
        body.append(f"always @(posedge clk) {name}_before <= {name};")
        yield f"(gold_{output} | {name}_before == {name})"


def _apart(subject: Subject, outputs: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the ways in which outputs may differ."""
    own: dict[str, str] = {}
    for stream in _streams(subject, "output"):
        prefix, width = stream["prefix"], stream["tdata_width"]
        valid, data = f"gold_{prefix}_tvalid", f"gold_{prefix}_tdata"
        mask = [valid] * width
        for offset, size, bit in gates(stream):
            mask[offset : offset + size] = [f"({valid} & {data}[{bit}])"] * size
        own[f"{prefix}_tdata"] = f"{{{', '.join(reversed(mask))}}}"
        own[f"{prefix}_tlast"] = valid
    widths = {port["name"]: port["width"] for port in outputs}
    for name, flag in subject.flags.items():
        if name in widths:
            lanes = widths[flag]
            size = widths[name] // lanes
            mask = [f"{{{size}{{gold_{flag}[{lane}]}}}}" for lane in reversed(range(lanes))]
            own[name] = f"{{{', '.join(mask)}}}"
    for port in outputs:
        name = port["name"]
        yield f"(|((gold_{name} ^ gate_{name}) & {own.get(name, '~0')}))"
