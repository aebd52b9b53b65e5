"""Boards that amaranth-boards does not have, and one whose build it describes for a nextpnr that is gone.

They are subclasses of Amaranth's platforms, imported where a board is chosen.
"""

from typing import Any, ClassVar

from amaranth.build import Attrs, Clock, Pins, Resource
from amaranth.vendor import LatticePlatform
from amaranth_boards.resources import ButtonResources, LEDResources, UARTResource
from amaranth_boards.tang_nano_9k import TangNano9kPlatform

__all__ = ["CrossLinkNXPlatform", "TangNano9KPlatform"]


class TangNano9KPlatform(TangNano9kPlatform):
    """Sipeed Tang Nano 9K, placed by nextpnr-himbaechel, which takes family and pins as options of its Gowin part."""

    device = TangNano9kPlatform.part

    @property
    def command_templates(self) -> list[str]:
        """Amaranth's commands, with the options of today's nextpnr."""
        return [
            template.replace("--family ", "--vopt family=").replace("--cst ", "--vopt cst=")
            for template in super().command_templates
        ]


class CrossLinkNXPlatform(LatticePlatform):
    """Lattice CrossLink-NX evaluation board (LIFCL-40-EVN).

    The serial line is connected once R15 and R17 are fitted in place of R18 and R19.
    """

    device = "LIFCL-40"
    speed = "9"
    package = "BG400"
    grade = "C"
    default_clk = "clk12"
    resources: ClassVar[Any] = [
        Resource("clk12", 0, Pins("L13", dir="i"), Clock(12e6), Attrs(IO_TYPE="LVCMOS33")),
        *LEDResources(pins="E17 F13 G13 F14", invert=True, attrs=Attrs(IO_TYPE="LVCMOS33")),
        *ButtonResources(pins="G14 G15", invert=True, attrs=Attrs(IO_TYPE="LVCMOS33")),
        UARTResource(0, rx="F16", tx="F18", attrs=Attrs(IO_TYPE="LVCMOS33")),
    ]
    connectors: ClassVar[Any] = []
