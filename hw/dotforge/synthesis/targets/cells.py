"""What FPGA primitives count as: lookup tables, flip-flops, multipliers, memory blocks.

A primitive that is not listed is an error, so that no report leaves out what it does not know.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...tools.yosys import YosysError
from ..metrics import columns

__all__ = [
    "ECP5",
    "GATEMATE",
    "GOWIN",
    "ICE40",
    "INTEL",
    "MACHXO2",
    "NEXUS",
    "QUICKLOGIC",
    "RESOURCES",
    "XILINX",
    "CellTable",
    "Counts",
]

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

#: Lattice Nexus. A WIDEFN9 is two lookup tables and the multiplexer behind them, a CCU2 two with a carry. A multiplier
#: of 18 by 18 bits counts as one, and what two or four of them make up as so many. The large memories of 512 kbit are
#: counted in blocks of 16 kbit, which take as many bits.
NEXUS = CellTable(
    "Nexus",
    (
        (r"LUT4", "luts", 1),
        (r"WIDEFN9|CCU2", "luts", 2),
        (r"DPR16X4", "luts", 6),
        (r"VHI|VLO|INV|\$scopeinfo", "", 0),
        (r"FD1P3[BDIJ]X", "ffs", 1),
        (r"MULT(PREADD|ADDSUB)?(9X9|18X18)|MULTADDSUB9X9WIDE", "dsps", 1),
        (r"MULT18X36", "dsps", 2),
        (r"MULT(ADDSUB)?36X36", "dsps", 4),
        (r"(DP|PDP|PDPSC|SP)16K(_MODE)?", "brams", 1),
        (r"(DP|PDP|PDPSC|SP)SC512K(_MODE)?|PDPSC512K(_MODE)?", "brams", 32),
    ),
)

#: Lattice MachXO2 and MachXO3: no multipliers. Memory blocks have 9 kbit.
MACHXO2 = CellTable(
    "MachXO2",
    (
        (r"LUT[1-4]", "luts", 1),
        (r"PFUMX|L6MUX21|VLO|VHI|GND|VCC|GSR|\$scopeinfo", "", 0),
        (r"CCU2D", "luts", 2),
        (r"TRELLIS_DPR16X4", "luts", 6),
        (r"TRELLIS_FF", "ffs", 1),
        (r"(DP|PDPW|SP)8KC", "brams", 1),
    ),
)

#: Gowin LittleBee and Arora. An ALU is a lookup table with a carry; multiplexers behind lookup tables are free. A
#: multiplier of 18 by 18 bits counts as one, of 9 by 9 as a half, of 36 by 36 as four. Memory blocks have 18 kbit.
GOWIN = CellTable(
    "Gowin",
    (
        (r"LUT[1-4]|ALU|INV", "luts", 1),
        (r"RAM16(SDP|S)[124]", "luts", 6),
        (r"MUX2(_LUT[5-8])?|GND|VCC|GSR|\$scopeinfo", "", 0),
        (r"DFFN?(([SRPC])?E?)", "ffs", 1),
        (r"MULT9X9|PADD9", "dsps", 0.5),
        (r"MULT18X18|PADD18|MULTALU18X18|ALU54D|MULT12X12|MULTALU27X18", "dsps", 1),
        (r"MULTADDALU18X18|MULTALU36X18|MULT27X36", "dsps", 2),
        (r"MULT36X36", "dsps", 4),
        (r"(SP|SDP|DP|SDPB|DPB|pROM)|(SP|SDP|DP)X9B?|pROMX9", "brams", 1),
    ),
)

#: Cologne Chip GateMate: lookup tables of half a logic element (CPE), of which half a CPE is one.
GATEMATE = CellTable(
    "GateMate",
    (
        (r"CC_LUT[12]|CC_L2T4", "luts", 1),
        (r"CC_L2T5|CC_LUT[34]|CC_ADDF", "luts", 2),
        (r"CC_MX2", "luts", 1),
        (r"CC_MX4", "luts", 2),
        (r"CC_MX8", "luts", 4),
        (r"\$scopeinfo", "", 0),
        (r"CC_DFF", "ffs", 1),
        (r"CC_MULT", "dsps", 1),
        (r"CC_BRAM_20K", "brams", 0.5),
        (r"CC_BRAM_40K", "brams", 1),
    ),
)

#: Intel Cyclone V. Half an ALM each, as Quartus counts ALUTs; a DSP block holds two multipliers of 18 by 18 bits or
#: three of 9 by 9; an MLAB's row of 32 by 1 bits is one ALUT.
INTEL = CellTable(
    "Cyclone V",
    (
        (r"MISTRAL_ALUT[2-6]|MISTRAL_ALUT_ARITH|MISTRAL_MLAB", "luts", 1),
        (r"MISTRAL_NOT|MISTRAL_CLKBUF|GND|VCC|\$scopeinfo", "", 0),
        (r"MISTRAL_FF", "ffs", 1),
        (r"MISTRAL_MUL9X9", "dsps", 1 / 3),
        (r"MISTRAL_MUL18X18", "dsps", 0.5),
        (r"MISTRAL_MUL27X27", "dsps", 1),
        (r"MISTRAL_M10K", "brams", 1),
    ),
)

#: QuickLogic K6N10F, the fabric of its embedded FPGAs: lookup tables of six inputs, memory blocks of 36 kbit. A carry
#: lies beside the lookup table that uses it and is free.
QUICKLOGIC = CellTable(
    "K6N10F",
    (
        (r"\$lut|LUT[1-6]", "luts", 1),
        (r"adder_carry|logic_[01]|GND|VCC|\$scopeinfo", "", 0),
        (r"s?dffn?(sre)?|sh_dff", "ffs", 1),
        (r"QL_DSP[12]\w*|dsp_t1_\w+", "dsps", 1),
        (r"TDP36K\w*", "brams", 1),
    ),
)
