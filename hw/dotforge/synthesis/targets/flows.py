"""How Yosys maps to each family: commands for a top module, flat or module by module, under some settings."""

from .base import Settings

__all__ = [
    "NEXUS_FILES",
    "ecp5",
    "gatemate",
    "gowin",
    "ice40",
    "intel",
    "machxo2",
    "nexus",
    "quicklogic",
    "xilinx",
]

#: The first cell of a carry chain of a Nexus takes no carry. abc9 ties that input to zero, which nextpnr refuses, so
#: it is opened again.
NEXUS_FILES = {
    "carry.v": """
module CCU2(input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT);
  parameter INIT0 = "0x0000";
  parameter INIT1 = "0x0000";
  parameter INJECT = "YES";
  parameter _TECHMAP_CONSTMSK_CIN_ = 1'b0;
  parameter _TECHMAP_CONSTVAL_CIN_ = 1'bx;
  wire _TECHMAP_FAIL_ = !(_TECHMAP_CONSTMSK_CIN_ === 1'b1 && _TECHMAP_CONSTVAL_CIN_ === 1'b0);
  CCU2 #(.INIT0(INIT0), .INIT1(INIT1), .INJECT(INJECT)) _TECHMAP_REPLACE_ (
    .A0(A0), .B0(B0), .C0(C0), .D0(D0), .A1(A1), .B1(B1), .C1(C1), .D1(D1), .S0(S0), .S1(S1), .COUT(COUT)
  );
endmodule
"""
}


def ecp5(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to an ECP5.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    # Carry-save heaps are LUT4-shaped: the multiplexers behind the tables cost a third more of them.
    wide = "" if settings.wide_luts else " -nowidelut"
    return [f"synth_ecp5 -top {top} -noiopad{wide}{'' if flat else ' -noflatten'}"]


def ice40(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to an iCE40.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    # Only the UP5K has multipliers.
    device = "-device u -dsp" if settings.device == "up5k" else "-device hx"
    return [f"synth_ice40 -top {top} {device}{'' if flat else ' -noflatten'}"]


def machxo2(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a MachXO2 or MachXO3.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    wide = "-widelut" if settings.wide_luts else "-nowidelut"
    return [f"synth_lattice -family xo2 -top {top} -noiopad {wide}{'' if flat else ' -noflatten'}"]


def nexus(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a Nexus.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    wide = "" if settings.wide_luts else " -nowidelut"
    command = f"synth_lattice -family lifcl -top {top}{wide}{'' if flat else ' -noflatten'}"
    return [f"{command} -run begin:map_cells", "techmap -map carry.v", f"{command} -run map_cells:"]


def gowin(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a Gowin LittleBee or Arora.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    family = "gw5a" if settings.device.startswith("gw5a") else "gw2a"
    wide = "" if settings.wide_luts else " -nowidelut"
    return [f"synth_gowin -top {top} -family {family}{wide}{'' if flat else ' -noflatten'}"]


def gatemate(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a GateMate.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    return [f"synth_gatemate -top {top} -luttree -nomx8{'' if flat else ' -noflatten'}"]


def intel(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a Cyclone V.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    flatten = "" if flat else " -noflatten"
    return [f"synth_intel_alm -top {top} -family cyclonev -noiopad -noclkbuf{flatten}"]


def quicklogic(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a K6N10F.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    # It always flattens: for a count by module, what it would flatten is kept.
    keep = [] if flat else ["setattr -mod -set keep_hierarchy 1"]
    return [*keep, f"synth_quicklogic -top {top} -family qlf_k6n10f"]


def xilinx(top: str, flat: bool, settings: Settings) -> list[str]:
    """Map to a Xilinx of the 7 series.

    Parameters
    ----------
    top : name of the top module
    flat : one netlist, instead of module by module
    settings : what was chosen for the run
    """
    return [f"synth_xilinx -top {top} -family xc7 -noiopad -noclkbuf{' -flatten' if flat else ''}"]
