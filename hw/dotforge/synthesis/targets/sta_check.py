"""Whether an OpenSTA weighs activities as the Liberty says: two cells, whose power is known by hand.

Releases differ: that of 2019 counts internal power twice and forgets what it was told of pins inside; since January
2025 the activities behind the public command are toggles a second. So it is tried, once a run of dotforge.
"""

import functools

from .sta import opensta_version, reported_power, run, setting

__all__ = ["complaint"]

_LIBRARY = """library (check) {
  delay_model : table_lookup;
  time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA"; leakage_power_unit : "1nW";
  capacitive_load_unit (1, ff); pulling_resistance_unit : "1kohm";
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  nom_voltage : 1.0; nom_process : 1; nom_temperature : 25;
  operating_conditions (typical) { process : 1; temperature : 25; voltage : 1.0; }
  default_operating_conditions : typical;
  cell (INV) {
    area : 1; cell_leakage_power : 7;
    pin (A) { direction : input; capacitance : 2; ENERGY(, 1, 2) }
    pin (Y) { direction : output; function : "!A"; ARC(A, negative_unate) ENERGY(related_pin : "A";, 3, 7) }
  }
  cell (AND) {
    area : 1; cell_leakage_power : 0;
    pin (A) { direction : input; capacitance : 2; }
    pin (B) { direction : input; capacitance : 2; }
    pin (Y) { direction : output; function : "A*B";
      ARC(A, positive_unate) ARC(B, positive_unate)
      ENERGY(related_pin : "A";, 3, 7) ENERGY(related_pin : "B";, 3, 7) }
  }
}
"""

_NETLIST = """module top (a, b, c, y, z);
  input a, b, c;
  output y, z;
  INV u (.A(a), .Y(y));
  AND v (.A(b), .B(c), .Y(z));
endmodule
"""

_CONSTRAINTS = (
    "create_clock -name clk -period 10\nset_input_delay 0 -clock clk [all_inputs]\n"
    "set_output_delay 0 -clock clk [all_outputs]\nset_load 4 [all_outputs]\n"
)

#: Toggles a cycle of 10 ns; that of v/Y is not what its inputs would make of it.
_RATES = {"u/A": 0.5, "u/Y": 0.5, "v/A": 0.2, "v/B": 0.2, "v/Y": 0.4}

#: Nanowatts by hand. Internal: 1.5 fJ · 0.5 and 5 fJ · 0.5, and 5 fJ · 0.4, at 100 MHz; switching: half of 4 fF · 1 V².
_BY_HAND = {"internal": 75 + 250 + 200, "switching": 100 + 80}


def _library() -> str:
    text = _LIBRARY
    while (start := text.find("ENERGY(")) >= 0:
        head, _, tail = text[start:].partition(")")
        given, rise, fall = (part.strip() for part in head.removeprefix("ENERGY(").split(","))
        tables = f'rise_power (scalar) {{ values ("{rise}"); }} fall_power (scalar) {{ values ("{fall}"); }}'
        text = f"{text[:start]}internal_power () {{ {given} {tables} }}{tail}"
    while (start := text.find("ARC(")) >= 0:
        head, _, tail = text[start:].partition(")")
        pin, sense = (part.strip() for part in head.removeprefix("ARC(").split(","))
        tables = "".join(
            f'cell_{edge} (scalar) {{ values ("0.1"); }} {edge}_transition (scalar) {{ values ("0.01"); }} '
            for edge in ("rise", "fall")
        )
        text = f'{text[:start]}timing () {{ related_pin : "{pin}"; timing_sense : {sense}; {tables}}}{tail}'
    return text


@functools.cache
def complaint(version: str | None = None) -> str:
    """Return what is wrong with the power that OpenSTA reports here, empty if nothing is.

    Parameters
    ----------
    version : of OpenSTA; by default the installed one

    Raises
    ------
    ToolError
        OpenSTA failed.
    """
    script = (
        "read_liberty cells.lib\nread_verilog netlist.v\nlink_design top\n"
        + _CONSTRAINTS
        + setting({pin: (rate, 0.5) for pin, rate in _RATES.items()})
    )
    watts = reported_power(run(script, {"cells.lib": _library(), "netlist.v": _NETLIST}, 60))
    wrong = [
        f"{part} power of two cells is {watts[part] * 1e9:.4g} nW, by hand {nanowatts} nW"
        for part, nanowatts in _BY_HAND.items()
        if abs(watts[part] * 1e9 - nanowatts) > 0.01 * nanowatts
    ]
    return f"{version or opensta_version()}: {'; '.join(wrong)}" if wrong else ""
