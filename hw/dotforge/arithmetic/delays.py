"""How long logic takes on an FPGA: a model of a few numbers a device, fitted to placements.

A stage from register to register takes::

    start + Σ levels · level + Σ adders · (adder + bits · bit) + Σ blocks · block

``start`` is from the clock to the first input of logic, the register at the end included. A level is a lookup
table of four inputs and the wire behind it, an adder a carry chain and the wire behind it. The numbers are
in ``delays.json``, which :mod:`dotforge.figures.clock` fits; what is known of the fit stands beside them.
"""

import json
import pathlib
from dataclasses import astuple, dataclass
from functools import cache
from typing import Annotated, Any, Literal

from ..facts import Rule
from ..parameters import Field, ParameterError

__all__ = [
    "DELAYS",
    "ClockMhz",
    "Delays",
    "Device",
    "Multiplier",
    "TooFast",
    "clock_rule",
    "delays",
    "when_auto",
]

#: Where the numbers are.
DELAYS = pathlib.Path(__file__).with_suffix(".json")

Device = Annotated[
    Literal["ecp5", "ice40-hx8k", "ice40-up5k"],
    Field(description="pipeline=auto: the device whose delays say where registers go"),
]

ClockMhz = Annotated[
    int,
    Field(
        ge=1,
        le=500,
        description="pipeline=auto: the clock that registers are placed for",
        json_schema_extra={"unit": "MHz"},
    ),
]


Multiplier = Annotated[
    Literal["logic", "dsp"],
    Field(description="pipeline=auto: multiply elements in logic, or in multiplier blocks of the device"),
]


class TooFast(ParameterError):
    """No registers make a loop or an operation fit into a cycle of the clock that is wanted."""


@dataclass(frozen=True)
class Delays:
    """Delays of a device in nanoseconds; see the module.

    Parameters
    ----------
    start : of a register and the wire from it
    level : of a lookup table and the wire from it
    adder : of a carry chain without bits, and the wire from it
    bit : of a bit of a carry chain
    block : of a multiplier block and the wire from it; 0 where the device has none
    """

    start: float
    level: float
    adder: float
    bit: float
    block: float = 0.0


@dataclass(frozen=True)
class Path:
    """What lies between two registers: tables, carry chains and their bits, and multiplier blocks, in series."""

    levels: int = 0
    adders: int = 0
    bits: int = 0
    blocks: int = 0

    def __add__(self, other: "Path") -> "Path":
        return Path(*(ours + theirs for ours, theirs in zip(astuple(self), astuple(other), strict=True)))

    def after(self, told: Delays) -> float:
        """Return how long it takes from the clock on, in nanoseconds.

        Parameters
        ----------
        told : delays of the device
        """
        taken = self.levels * told.level + self.adders * told.adder + self.bits * told.bit
        return told.start + taken + self.blocks * told.block


@cache
def delays(device: str) -> Delays:
    """Return the delays of a device.

    Parameters
    ----------
    device : one of :data:`Device`
    """
    told: dict[str, Any] = json.loads(DELAYS.read_text(encoding="utf-8"))[device]
    return Delays(**told)


def when_auto(config: Any) -> tuple[str, ...]:
    """Return the parameters that do nothing unless ``pipeline`` is ``auto``, where it is not.

    Parameters
    ----------
    config : of an engine with the three parameters

    Raises
    ------
    ValueError
        One of them is not at its default.
    """
    names = [name for name in ("clock_mhz", "device", "multiplier") if hasattr(config, name)]
    if config.pipeline == "auto":
        if getattr(config, "multiplier", "") == "dsp" and not delays(config.device).block:
            raise ValueError(
                f"parameter multiplier=dsp: device={config.device} has no multipliers, allowed logic"
            )
        return ()
    for name in names:
        given, default = getattr(config, name), getattr(type(config), name)
        if given != default:
            raise ValueError(f"parameter {name}={given}: allowed {default}; others go with pipeline=auto")
    return tuple(names)


def clock_rule(config: Any, depth: int, longest: Path, where: str = "ahead of the running sum") -> Rule:
    """Return what a host is told of the registers that a clock asked for.

    Parameters
    ----------
    config : with ``clock_mhz`` and ``device``
    depth : register stages
    longest : path between registers
    where : the stages are
    """
    foreseen = 1e3 / longest.after(delays(config.device))
    return Rule(
        "clock",
        f"Registers are placed for {config.clock_mhz} MHz on {config.device}: {depth} stages {where}. "
        f"The delay model foresees {foreseen:.0f} MHz; place and route decides.",
    )
