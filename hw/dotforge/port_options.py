"""Parameters that every engine has: what its ports look like, and how its Verilog is written.

They are the same for all, because they are no matter of the engine inside: :mod:`dotforge.stream.outside` puts wrappers
around it.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

__all__ = ["PORT_OPTIONS", "check_ports"]

#: Name → type and default.
PORT_OPTIONS: dict[str, tuple[Any, Any]] = {
    "initial_values": (
        Annotated[
            bool,
            Field(
                description="registers have values before the first reset; false where a synthesizer refuses them"
            ),
        ],
        True,
    ),
    "storage": (
        Annotated[
            Literal["auto", "block", "distributed"],
            Field(
                description="what storage arrays are asked to be by ram_style: block RAM, memories of lookup tables, "
                "or what the flow chooses"
            ),
        ],
        "auto",
    ),
    "register_slices": (
        Annotated[
            Literal["none", "in", "out", "both"],
            Field(
                description="registers of two beats at inputs, outputs or both, a cycle each: they cut every "
                "combinational path through the ports"
            ),
        ],
        "none",
    ),
    "tdata": (
        Annotated[
            Literal["bytes", "power_of_two"],
            Field(description="what the width of each tdata is padded to"),
        ],
        "bytes",
    ),
    "tkeep": (
        Annotated[
            bool,
            Field(
                description="each stream has tkeep: bytes of an input that are not kept are read as zeros, those of an "
                "output are all kept"
            ),
        ],
        False,
    ),
    "join_operands": (
        Annotated[
            bool,
            Field(
                description="one stream `operands`, a beat of weights beside each beat of activations, for one DMA "
                "channel"
            ),
        ],
        False,
    ),
}


def check_ports(config: Any) -> None:
    """Check these parameters beside the engine's own.

    Parameters
    ----------
    config : of an engine. ``joins_operands``, if it has that, says why operands cannot be joined, or nothing where
        they can; ``has_arrays``, if it has that, tells whether it stores words in arrays

    Raises
    ------
    ValueError
        A parameter is not for this configuration.
    """
    refusal = getattr(
        config, "joins_operands", "an engine that takes a beat of weights with each of activations"
    )
    if config.join_operands and refusal:
        raise ValueError(f"parameter join_operands=true: allowed false; true goes with {refusal}")
    if config.storage != "auto" and not getattr(config, "has_arrays", False):
        raise ValueError(
            f"parameter storage={config.storage}: allowed auto; nothing is stored in arrays here"
        )
    if config.tkeep and getattr(config, "interface", "") == "axi":
        raise ValueError("parameter tkeep=true: allowed false; interface=axi has tkeep already")
