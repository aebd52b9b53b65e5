"""What lies between an engine and its ports by the parameters that every engine has (:mod:`dotforge.port_options`)."""

from typing import Any

from ..facts import Rule
from .axi import AxiStream, StreamBlock
from .joined import JOINED, Joined
from .register_slice import DEPTH
from .sliced import Sliced

__all__ = ["outside", "outside_rules"]


def outside(engine: StreamBlock, config: Any) -> AxiStream:
    """Return an engine with its ports.

    Parameters
    ----------
    engine : the block inside
    config : of it
    """
    if config.join_operands:
        engine = Joined(engine)
    slices = config.register_slices
    if slices != "none":
        engine = Sliced(engine, inputs=slices in ("in", "both"), outputs=slices in ("out", "both"))
    if config.tdata == "bytes" and not config.tkeep:
        return AxiStream(engine)
    return AxiStream(engine, power_of_two=config.tdata == "power_of_two", keep=config.tkeep)


def outside_rules(engine: StreamBlock, config: Any) -> tuple[Rule, ...]:
    """Return what a host has to know of it, for manifest and datasheet.

    Parameters
    ----------
    engine : with its wrappers
    config : of it
    """
    rules = []
    slices = config.register_slices
    if slices != "none":
        at = {"in": "each input", "out": "each output", "both": "each input and each output"}[slices]
        cycles = 2 if slices == "both" else 1
        text = (
            f"A slice of {DEPTH} beats at {at}: data, valid and ready are registers, a beat a cycle goes through, and "
            f"the latency holds {cycles} more {'cycles' if cycles > 1 else 'cycle'}."
        )
        if slices == "both":
            text += " No combinational path leads from any input to any output."
        if slices != "out":
            text += (
                f" In reset every `tready` is low, and in the first cycle after it. Up to {DEPTH} beats of a stream "
                "are taken before the engine wants them; intervals count from there on."
            )
        rules.append(Rule("register slices", text))
        if engine.cleared_by_port:
            ports = ", ".join(f"`{port}`" for port in dict.fromkeys(engine.cleared_by_port.values()))
            rules.append(
                Rule(
                    "slices and clear",
                    f"{ports}: also empties the slices of its streams. Beats that were taken before, or are taken in "
                    "that cycle, are thrown away, waiting jobs and results too.",
                )
            )
    if config.join_operands:
        rules.append(
            Rule(
                "joined operands",
                f"A beat of `{JOINED}` holds a beat of each operand; each begins at a byte, as a structure in memory.",
            )
        )
    if config.tkeep:
        rules.append(
            Rule(
                "tkeep",
                "Bytes of an input whose `tkeep` is low are read as zeros, so that the last beat of a transfer may be "
                "short; of an output all bytes are kept.",
            )
        )
    return tuple(rules)
