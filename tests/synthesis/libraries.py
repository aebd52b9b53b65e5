"""Liberty files as tests need them: a few cells with delays, energies and leakage by hand, in any unit of time."""

__all__ = ["UNITS", "timed"]

#: Seconds of the units that a library may be written in.
UNITS = {"1ns": 1e-9, "100ps": 1e-10, "10ps": 1e-11, "1ps": 1e-12}

_THRESHOLDS = "".join(
    f"  {name}_threshold_pct_{edge} : {percent};\n"
    for name, percent in (("input", 50), ("output", 50), ("slew_lower", 20), ("slew_upper", 80))
    for edge in ("rise", "fall")
)


def timed(unit: str = "1ns", *, energy: float = 1.0) -> str:
    """Return a library: the same cells whatever the unit of time is.

    Delays are 0.1 ns plus 0.01 ns a fF, transitions 0.02 ns plus 0.005 ns a fF. Of the inverter, an edge at the input
    takes 1 or 2 fJ, one at the output 3 or 7 fJ; of the flip-flop, one of the clock 4 or 6 fJ; all by ``energy``.

    Parameters
    ----------
    unit : of time, one of :data:`UNITS`
    energy : factor of all energies and leakages
    """
    ns = 1e-9 / UNITS[unit]

    def table(kind: str, base: float, slope: float, template: str = "delays") -> str:
        rows = ", ".join(f'"{(base) * ns:.9g}, {(base + slope * 100) * ns:.9g}"' for _ in range(2))
        return f"{kind} ({template}) {{ values ({rows}); }}"

    def energies(rise: float, fall: float, related: str = "") -> str:
        given = f'related_pin : "{related}"; ' if related else ""
        return (
            f'internal_power () {{ {given}rise_power (scalar) {{ values ("{rise * energy:.9g}"); }} '
            f'fall_power (scalar) {{ values ("{fall * energy:.9g}"); }} }}'
        )

    def arc(related: str, sense: str = "timing_sense : negative_unate;") -> str:
        tables = [
            table(f"cell_{edge}", 0.1, 0.01) + table(f"{edge}_transition", 0.02, 0.005)
            for edge in ("rise", "fall")
        ]
        return f'timing () {{ related_pin : "{related}"; {sense} {"".join(tables)} }}'

    def inputs(*names: str, more: str = "") -> str:
        return "".join(f"pin ({name}) {{ direction : input; capacitance : 2; {more} }} " for name in names)

    def gate(
        name: str, area: float, pins: tuple[str, ...], function: str, *, more: str = "", out: str = ""
    ) -> str:
        arcs = "".join(arc(pin) for pin in pins)
        return (
            f"  cell ({name}) {{ area : {area}; cell_leakage_power : {7 * energy:.9g}; {inputs(*pins, more=more)}"
            f'pin (Y) {{ direction : output; function : "{function}"; {arcs} {out} }} }}\n'
        )

    setup = 'timing () { related_pin : "C"; timing_type : setup_rising; '
    for edge in ("rise", "fall"):
        setup += f'{edge}_constraint (scalar) {{ values ("{0.05 * ns:.9g}"); }} '
    setup += "}"
    return (
        "library (timed) {\n  delay_model : table_lookup;\n"
        f'  time_unit : "{unit}"; voltage_unit : "1V"; current_unit : "1mA"; leakage_power_unit : "1nW";\n'
        f'  capacitive_load_unit (1, ff); pulling_resistance_unit : "1kohm";\n{_THRESHOLDS}'
        "  nom_voltage : 1.0; nom_process : 1; nom_temperature : 25;\n"
        "  operating_conditions (typical) { process : 1; temperature : 25; voltage : 1.0; }\n"
        "  default_operating_conditions : typical;\n"
        "  lu_table_template (delays) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;\n"
        f'    index_1 ("0, {ns:.9g}"); index_2 ("0, 100"); }}\n'
        + gate("INV", 1, ("A",), "!A", more=energies(1, 2), out=energies(3, 7, "A"))
        + gate("NAND2", 2, ("A", "B"), "!(A*B)")
        + gate("NOR2", 2, ("A", "B"), "!(A+B)")
        + f"  cell (DFF) {{ area : 8; cell_leakage_power : {7 * energy:.9g}; "
        + 'ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; } '
        + f"pin (C) {{ direction : input; clock : true; capacitance : 1; {energies(4, 6)} }} "
        + f"pin (D) {{ direction : input; capacitance : 2; {setup} }} "
        + f'pin (Q) {{ direction : output; function : "IQ"; {arc("C", "timing_type : rising_edge;")} }} }}\n'
        "}\n"
    )
