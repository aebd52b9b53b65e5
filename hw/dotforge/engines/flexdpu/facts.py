"""What the Flex-DPU says of a configuration."""

from typing import Any

from ...facts import Facts, PortFact, Rule, choices
from .axi_facts import axi_facts
from .config import FlexDpuConfig
from .errors import MEANINGS

__all__ = ["facts"]


def facts(config: FlexDpuConfig) -> Facts:
    """Return them."""
    told = Facts(
        function=_function(config),
        rules=_rules(config),
        ports=_ports(config),
        resolved=_resolved(config),
        idle=_idle(config),
    )
    return axi_facts(config, told) if config.interface == "axi" else told


def _function(config: FlexDpuConfig) -> tuple[str, ...]:
    return (
        f"Multiplies sparse matrices: up to {config.slots} products at a time, each on a group of neighbours of "
        f"{config.engines} Flex-DPEs of {config.lanes} multipliers. Nonzeros of stationary rows are packed without "
        f"gaps over the lanes of the group, and compressed vectors of {config.positions} positions stream past all of "
        "them, one a cycle.",
        "Each Flex-DPE finds the settings of its distribution network by itself; the next fold loads while one "
        "streams. Sums of a row are added over Flex-DPEs, folds and windows in hardware, and leave when nothing is "
        "added to them any more.",
    )


def _rules(config: FlexDpuConfig) -> tuple[Rule, ...]:
    rules = [
        Rule(
            "jobs",
            "A job of slot g is taken from `jobs_g` when the one before has left and all Flex-DPEs of its group are "
            "free; its streams follow. `busy_g` is high from then on until its last result has left.",
        ),
        Rule(
            "windows",
            f"K is cut into windows of {config.positions} positions. For each, in this order but each stream "
            "as far ahead as there is room: `bitmaps_g`, `rows_g` and `stationary_g`, and then `vectors_g` for "
            "each of its folds. Rows that are empty may be left out, but one row of each window has to come.",
        ),
        Rule(
            "folds",
            "Only values at positions that are set in the OR of the window's `bitmaps_g` are kept; each "
            "takes a lane of the group, row after row and position after position, without gaps. A fold is the next "
            f"size x {config.lanes} of them, or what is left in the window, and no fold holds values of two windows. "
            "All vectors of the window are streamed past each of its folds.",
        ),
        Rule(
            "accumulator",
            f"Row r is in bank r mod {config.banks}; ceil(rows/{config.banks}) x vectors may be up to {config.depth}. "
            "A vector takes as many cycles as its fold has rounds: one begins with a row that is "
            f"{config.banks} or more behind the first one of the round, and inside a Flex-DPE with a row that does not "
            "follow the one before it.",
        ),
        Rule(
            "order of sums",
            "Inside a Flex-DPE as the reduction network adds; a row that goes over to the next Flex-DPE of a fold, "
            "left plus right; then over folds and windows as they come.",
        ),
        Rule(
            "errors",
            "`error_g` stays high until `clear_g`, with the cause of the first one. From then on all inputs of the "
            "slot are taken and ignored, and no new result is offered. `clear_g` for a cycle, with or without an "
            "error, throws the job away and frees its Flex-DPEs; each stream of the slot begins with a new job then. "
            "Other slots are not disturbed.",
        ),
    ]
    if config.limited:
        rules.append(
            Rule(
                "bandwidth",
                f"At most {config.elements} elements a cycle are taken, stationary and streaming, of all slots; "
                "loading goes first, and slots have the first turn one after the other.",
            )
        )
    if config.is_float:
        flushed = (
            "subnormal operands count as zeros" if config.flush_subnormals else "subnormal numbers are kept"
        )
        rules.append(Rule("rounding", f"To nearest, ties to even; {flushed}."))
    return tuple(rules)


def _ports(config: FlexDpuConfig) -> dict[str, PortFact]:
    ports = {"occupied": PortFact("a bit a Flex-DPE: a running job has it")}
    for slot in range(config.slots):
        ports |= {
            f"clear_{slot}": PortFact("throws the slot's job and its error away"),
            f"busy_{slot}": PortFact("a job runs"),
            f"error_{slot}": PortFact("the job or its streams broke a rule; stays high until clear"),
            f"cause_{slot}": PortFact("cause of the first error", choices(MEANINGS)),
            f"overflow_{slot}": PortFact("a sum did not fit; stays high until clear"),
            f"events_{slot}": PortFact(
                "of this cycle, from bit 0: a job runs, a vector is taken, the accumulator stalls, a fold begins, "
                "loading, adding, results alone leave, the job is done"
            ),
        }
    return ports


def _resolved(config: FlexDpuConfig) -> dict[str, Any]:
    meant = {
        "groups": config.slots,
        "window": config.positions,
        "sum_format": config.sum.name.lower(),
        "bandwidth": config.elements,
        "accumulator_words": config.words,
        "accumulator_banks": config.banks,
        "distribution": config.topology,
        **({"multiplier": "dsp" if config.in_blocks else "logic"} if config.multiplier == "auto" else {}),
    }
    return {name: value for name, value in meant.items() if getattr(config, name) != value}


def _idle(config: FlexDpuConfig) -> tuple[str, ...]:
    idle = []
    if not config.is_float:
        idle.append("flush_subnormals")
    if config.topology == "crossbar":
        idle += ["route_engines", "route_walkers"]
    if config.interface == "streams":
        idle += ["data_width", "job_queue"]
    return tuple(idle)
