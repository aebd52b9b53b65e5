"""What the Flex-DPU with packets and registers says of a configuration."""

from dataclasses import replace
from pathlib import Path

from ...facts import Facts, Rule, Software
from .axi_engine import constants
from .config import FlexDpuConfig

__all__ = ["axi_facts"]

_HERE = Path(__file__).parent

#: Rules that speak of ports that are inside here.
_INSIDE = ("jobs", "windows", "errors")


def axi_facts(config: FlexDpuConfig, inside: Facts) -> Facts:
    """Return them.

    Parameters
    ----------
    config : of the engine
    inside : what the core says
    """
    rules = (
        Rule(
            "packets",
            "Header, bitmaps and values as below. Whatever is wrong with one stops its slot only, with a cause, until "
            "`clear`.",
        ),
        Rule(
            "back pressure",
            "A stream's packets wait until its slot's job wants them; streams of different slots, and the two of one, "
            "do not wait for each other's beats.",
        ),
        *(rule for rule in inside.rules if rule.topic not in _INSIDE),
    )
    width = {} if config.data_width else {"data_width": config.data_bits}
    return replace(
        inside,
        function=(
            *inside.function,
            f"Operands and results are packets of compressed tiles on AXI-Stream of {config.data_bits} bits; jobs, "
            "status and counters are registers behind AXI4-Lite.",
        ),
        rules=rules,
        ports={},
        resolved={**inside.resolved, **width},
        software=Software(
            _HERE / "flexdpu.rdl",
            constants(config),
            config.slots,
            _HERE / "packets.md",
            (_HERE / "flexdpu_packets.h",),
        ),
    )
