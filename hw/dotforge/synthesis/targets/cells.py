"""What FPGA primitives count as: lookup tables, flip-flops, multipliers, memory blocks.

A primitive that is not listed is an error, so that no report leaves out what it does not know.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...tools.yosys import YosysError
from ..metrics import columns

__all__ = ["ECP5", "ICE40", "RESOURCES", "XILINX", "CellTable", "Counts"]

#: Names of the resources of an FPGA, in the order of reports.
RESOURCES = tuple(row.name for row in columns("fpga"))

#: Numbers of the four resources; memory blocks may be halves.
Counts = dict[str, float]


@dataclass(frozen=True)
class CellTable:
    """Primitives of a family: (pattern of the name, resource or ``""``, how many it takes)."""

    family: str
    rows: tuple[tuple[str, str, float], ...]

    def counts(self, cells: Mapping[str, int]) -> Counts:
        """Return the resources of some cells.

        Raises
        ------
        YosysError
            A cell is not in the table.
        """
        found: Counts = dict.fromkeys(RESOURCES, 0)
        unknown = []
        for cell, number in cells.items():
            row = next((row for row in self.rows if re.fullmatch(row[0], cell)), None)
            if row is None:
                unknown.append(cell)
            elif row[1]:
                found[row[1]] += row[2] * number
        if unknown:
            raise YosysError(f"{self.family}: what {', '.join(sorted(unknown))} takes is not known")
        return {name: int(value) if value == int(value) else value for name, value in found.items()}


#: Lattice ECP5. A CCU2C is two lookup tables; PFUMX and L6MUX21 lie between lookup tables and are free. A memory of
#: 16 by 4 bits takes the four lookup tables that hold it, and two whose place its write port uses.
ECP5 = CellTable(
    "ECP5",
    (
        (r"LUT[1-4]", "luts", 1),
        (r"PFUMX|L6MUX21|VLO|VHI|GND|VCC|GSR|DCCA|\$scopeinfo", "", 0),
        (r"CCU2C", "luts", 2),
        (r"TRELLIS_DPR16X4", "luts", 6),
        (r"TRELLIS_FF", "ffs", 1),
        (r"MULT(18X18|9X9)D", "dsps", 1),
        (r"DP16KD|PDPW16KD", "brams", 1),
    ),
)

#: Lattice iCE40. A carry lies beside the lookup table that uses it and is free.
ICE40 = CellTable(
    "iCE40",
    (
        (r"SB_LUT4", "luts", 1),
        (r"SB_CARRY|SB_GB|VCC|GND|\$scopeinfo", "", 0),
        (r"SB_DFF\w*", "ffs", 1),
        (r"SB_MAC16", "dsps", 1),
        (r"SB_RAM40_4K\w*", "brams", 1),
    ),
)

#: Xilinx 7 series. BRAM in blocks of 36 kbit; lookup tables before pairs share one; an inverter is absorbed.
XILINX = CellTable(
    "xc7",
    (
        (r"LUT[1-6]|LUT6_2|RAM(32|64)X1S|SRL16E|SRLC32E|SRL16|SRLC16E", "luts", 1),
        (r"RAM(32|64)X1D|RAM128X1S", "luts", 2),
        (r"RAM(32|64)M|RAM128X1D|RAM256X1S", "luts", 4),
        (r"RAM(32|64)M16|RAM(32|64)M8", "luts", 8),
        (r"MUXF[789]|CARRY4|CARRY8|INV|VCC|GND|BUFG|\$scopeinfo", "", 0),
        (r"FD[RSCP]E(_1)?|FD[RSCP]|LDCE|LDPE", "ffs", 1),
        (r"DSP48E1", "dsps", 1),
        (r"RAMB18E1", "brams", 0.5),
        (r"RAMB36E1", "brams", 1),
    ),
)
