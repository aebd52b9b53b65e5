"""Engines whose outputs break a rule of streams: a wrapper around the engine bends one wire of each output.

The wrapper knows nothing of an engine but its manifest. An input port chooses the mutant, so that a compiled
simulator serves for all of them; a bench that knows no such port gets a wrapper with the choice made.
"""

import re
from dataclasses import dataclass
from typing import Any

from dotforge.export.design import Generated
from dotforge.registry import configure

from ..configurations import small

__all__ = ["CHOICE", "MUTANTS", "broken", "of"]


@dataclass(frozen=True)
class Mutant:
    """What becomes of an output's wires: Verilog over ``V``, ``L``, ``D`` of the engine, and ``R`` of the neighbour.

    ``odd`` is high in every second cycle of a stall, ``asked`` from a cycle after ``R`` was high until the beat is
    taken; ``ready`` is what the engine sees.
    """

    valid: str = "V"
    last: str = "L"
    data: str = "D"
    ready: str = "R"


#: What is wrong → how.
MUTANTS = {
    "tlast waits for tready": Mutant(last="L & R"),
    "tvalid waits for tready": Mutant(valid="V & R"),
    "tdata changes while it is stalled": Mutant(data="D ^ odd"),
    "tvalid falls while it is stalled": Mutant(valid="V & ~odd", ready="R & ~odd"),
    "tlast changes while it is stalled": Mutant(last="L ^ odd"),
    "tdata waits for tready": Mutant(data="R ? D : 0"),
    "tvalid waits for the tready of a cycle before": Mutant(valid="V & asked", ready="R & asked"),
    "tvalid is high in reset": Mutant(valid="V | rst"),
}

#: Name of the port that chooses: 0 is the engine as it is, then :data:`MUTANTS` in order.
CHOICE = "mutant"


def of(engine: str) -> list[str]:
    """Return the mutants that a small engine can have: without ``tlast`` at any output there are fewer."""
    entry, config = configure(engine, small(engine))
    last = any(payload.last for payload in entry.top(config).engine.outputs.values())
    return [name for name, mutant in MUTANTS.items() if last or mutant.last == "L"]


def broken(generated: Generated, mutant: str | None = None) -> Generated:
    """Return an engine with a mutant at every output, or with :data:`CHOICE` among its ports."""
    manifest, top = generated.manifest, generated.top
    inside, count = re.subn(rf"\bmodule {top}\(", f"module {top}_inside(", generated.verilog)
    assert count == 1
    outputs = [stream for stream in manifest["streams"] if stream["direction"] == "output"]
    own = {
        f"{stream['prefix']}_{wire}" for stream in outputs for wire in ("tvalid", "tready", "tlast", "tdata")
    }
    ports = [f"{port['direction']} [{port['width'] - 1}:0] {port['name']}" for port in manifest["ports"]]
    links = [
        f".{port['name']}({port['name']}{'_inside' if port['name'] in own else ''})"
        for port in manifest["ports"]
    ]
    choice = {"name": CHOICE, "direction": "input", "width": 4}
    if mutant is None:
        ports.append(f"input [3:0] {CHOICE}")
        manifest = {**manifest, "ports": [*manifest["ports"], choice]}
        body = []
    else:
        number = 1 + list(MUTANTS).index(mutant) if mutant else 0
        body = [f"wire [3:0] {CHOICE} = 4'd{number};"]
    for stream in outputs:
        body += _bent(stream, manifest["clock"], manifest["reset"])
    text = "\n  ".join(
        [f"module {top}({', '.join(ports)});", *body, f"{top}_inside core({', '.join(links)});"]
    )
    return Generated(f"{inside}\n{text}\nendmodule\n", manifest)


def _bent(stream: dict[str, Any], clock: str, reset: str) -> list[str]:
    prefix, high = stream["prefix"], stream["tdata_width"] - 1
    names = {
        "V": f"{prefix}_tvalid_inside",
        "D": f"{prefix}_tdata_inside",
        "R": f"{prefix}_tready",
        "rst": reset,
    }
    names["L"] = f"{prefix}_tlast_inside" if stream["tlast"] else "1'b0"
    names |= {"odd": f"{prefix}_odd", "asked": f"{prefix}_asked"}

    def choose(wire: str) -> str:
        """Return a choice among the mutants' expressions."""
        text = {"valid": "V", "last": "L", "data": "D", "ready": "R"}[wire]
        for number, mutant in reversed(list(enumerate(MUTANTS.values(), 1))):
            text = f"{CHOICE} == {number} ? ({getattr(mutant, wire)}) : {text}"
        return re.sub(r"\b(V|L|D|R|rst|odd|asked)\b", lambda found: names[found[1]], text)

    wires = [
        f"wire {prefix}_tvalid_inside, {prefix}_tready_inside; wire [{high}:0] {prefix}_tdata_inside;",
        f"reg {prefix}_odd, {prefix}_asked;",
        f"always @(posedge {clock}) begin",
        f"  {prefix}_odd <= !{reset} && {prefix}_tvalid_inside && !{prefix}_tready && !{prefix}_odd;",
        f"  {prefix}_asked <= !{reset} && ({prefix}_asked ? !({prefix}_tvalid && {prefix}_tready) : {prefix}_tready);",
        "end",
        f"assign {prefix}_tvalid = {choose('valid')};",
        f"assign {prefix}_tdata = {choose('data')};",
        f"assign {prefix}_tready_inside = {choose('ready')};",
    ]
    if stream["tlast"]:
        wires += [f"wire {prefix}_tlast_inside;", f"assign {prefix}_tlast = {choose('last')};"]
    return wires
