"""JSON of open tools: ``stat -json`` of Yosys, ``--report`` of nextpnr, metrics of OpenROAD's and LibreLane's flows."""

import re
from typing import Any

from ...synthesis.targets.fpga import FPGAS
from ...synthesis.targets.stat import modules
from ...tools.files import OutputError
from ...tools.yosys import YosysError
from .found import Found, slowest

__all__ = ["parse", "recognises"]

#: What places of a family count as in nextpnr. A report names all places of its device: the first one here, which no
#: other family has, tells the family.
_PLACES: dict[str, dict[str, tuple[str, float]]] = {
    "ecp5": {
        "DP16KD": ("brams", 1), "TRELLIS_COMB": ("luts", 1), "TRELLIS_FF": ("ffs", 1), "MULT18X18D": ("dsps", 1),
    },
    "ice40": {"ICESTORM_LC": ("luts", 1), "ICESTORM_DSP": ("dsps", 1), "ICESTORM_RAM": ("brams", 1)},
    # Adders and small memories have places of their own there, in those of lookup tables.
    "gowin": {
        "LUT4": ("luts", 1), "ALU": ("luts", 1), "RAM16SDP4": ("luts", 6), "DFF": ("ffs", 1), "BSRAM": ("brams", 1),
        "MULT9X9": ("dsps", 0.5), "PADD9": ("dsps", 0.5), "MULT18X18": ("dsps", 1), "PADD18": ("dsps", 1),
        "ALU54D": ("dsps", 1), "MULTALU18X18": ("dsps", 1), "MULTALU36X18": ("dsps", 2),
        "MULTADDALU18X18": ("dsps", 2), "MULT36X36": ("dsps", 4),
    },
    "machxo2": {"DP8KC": ("brams", 1), "TRELLIS_COMB": ("luts", 1), "TRELLIS_FF": ("ffs", 1)},
    "gatemate": {"CPE_LT": ("luts", 1), "CPE_FF": ("ffs", 1), "RAM_HALF": ("brams", 0.5)},
    "nexus": {
        "OXIDE_COMB": ("luts", 1), "OXIDE_FF": ("ffs", 1), "MULT18_CORE": ("dsps", 1), "OXIDE_EBR": ("brams", 1),
    },
}  # fmt: skip

#: Above it a slack means that there is no path: 1e30, 1e39 or infinity.
_NO_PATH = 1e9

#: Pads and clock buffers, which a whole FPGA has and our own figures leave out.
_PADS = re.compile(
    r"(CC_)?(I|O|IO|T|TO)BUF\w*|(CC_)?BUFG\w*|SB_IO|SB_GB\w*|TRELLIS_IO|BB|IB|OB|MISTRAL_(IB|OB|IO|CLKBUF)"
)


def recognises(content: Any) -> bool:
    """Return whether JSON is a report of one of these tools."""
    return isinstance(content, dict) and bool(
        {"utilization", "fmax"} <= set(content) or {"modules", "design"} <= set(content) or _area_key(content)
    )


def parse(
    content: dict[str, Any], text: str, where: str, clock: str | None, period: float | None = None
) -> Found:
    """Read a report of Yosys, nextpnr, OpenROAD-flow-scripts or LibreLane.

    Parameters
    ----------
    content : the JSON
    text : of which it was read
    where : its file, for messages
    clock : whose rate is wanted, ``None`` for the slowest
    period : ns that slacks are of, for metrics that do not say

    Raises
    ------
    OutputError
        A figure is missing, or its family is not known.
    """
    if "utilization" in content:
        return _nextpnr(content, where, clock)
    if "modules" in content:
        return _yosys(content, text, where)
    return _openroad(content, where, period)


def _nextpnr(content: dict[str, Any], where: str, clock: str | None) -> Found:
    used = {name: entry["used"] for name, entry in content["utilization"].items()}
    family = next((name for name, places in _PLACES.items() if next(iter(places)) in used), None)
    if family is None:
        raise OutputError(
            f"{where}: places of {', '.join(_PLACES)} are known, not {', '.join(list(used)[:4])}"
        )
    totals: dict[str, Any] = dict.fromkeys(("luts", "ffs", "dsps", "brams"), 0)
    for place, (resource, weight) in _PLACES[family].items():
        totals[resource] += weight * used.get(place, 0)
    totals = {name: int(number) if number == int(number) else number for name, number in totals.items()}
    found = Found("nextpnr", device=family)
    if family == "gatemate":
        found.notes.append("luts are halves of logic elements, those that pass a signal on with them")
    if family == "ice40":
        totals["ffs"] = None
        found.notes.append("luts are logic cells; nextpnr does not say how many of them hold a flip-flop")
    rates = [(name, float(entry["achieved"])) for name, entry in content["fmax"].items()]
    found.totals = totals
    name, mhz = slowest(rates, clock, where)
    found.timing = {"fmax_mhz": round(mhz, 3), "min_period_ns": round(1000 / mhz, 4), "clock": name}
    return found


def _yosys(content: dict[str, Any], text: str, where: str) -> Found:
    version = re.search(r"Yosys ([\d.+]+)", str(content.get("creator", "")))
    design = content["design"]
    cells: dict[str, int] = design["num_cells_by_type"]
    found = Found("yosys", version[1] if version else "", design=_top(content, text, where))
    if "area" in design:
        found.device = "liberty"
        found.totals = {"area_um2": design["area"], "registers": None, "memory_bits": 0}
        found.notes.append("stat does not tell flip-flops of a Liberty from its other cells")
        return found
    inner = {cell: number for cell, number in cells.items() if not _PADS.fullmatch(cell)}
    for name, family in FPGAS.items():
        try:
            found.device, found.totals = name, dict(family.table.counts(inner))
        except YosysError:
            continue
        return found
    families = ", ".join(FPGAS)
    raise OutputError(
        f"{where}: its cells are neither of a Liberty (stat -liberty FILE -json) nor of {families}"
    )


def _top(content: dict[str, Any], text: str, where: str) -> str:
    """Return the module that no other one holds."""
    names = [name.lstrip("\\") for name in content["modules"]]
    held = {cell for entry in content["modules"].values() for cell in entry["num_cells_by_type"]}
    tops = [name for name in names if name not in held]
    if len(tops) != 1:
        raise OutputError(
            f"{where}: modules {', '.join(tops) or 'none'} are not below another: flatten, or set a top"
        )
    modules(text, tops[0])
    return tops[0]


def _area_key(content: dict[str, Any]) -> str:
    """Return the prefix of the last stage of OpenROAD's metrics that has an area, with the key's end; else nothing."""
    keys = [
        key for key in content if isinstance(key, str) and key.endswith("design__instance__area__stdcell")
    ]
    keys = keys or [key for key in content if isinstance(key, str) and key.endswith("design__instance__area")]
    finish = [key for key in keys if key.startswith("finish__")]
    return (finish or keys or [""])[-1]


def _openroad(content: dict[str, Any], where: str, period: float | None) -> Found:
    key = _area_key(content)
    stage = key[: key.index("design__instance")]
    found = Found("librelane" if not stage else "openroad", device=stage.rstrip("_"))
    registers = content.get(f"{stage}design__instance__count__class:sequential_cell")
    if registers is None:
        found.notes.append("the metrics do not count sequential cells")
    found.totals = {"area_um2": content[key], "registers": registers, "memory_bits": 0}
    rates = [value for name, value in content.items() if name.startswith(f"{stage}timing__fmax") and value]
    slack = content.get(f"{stage}timing__setup__ws")
    if rates:
        mhz = min(rates) / 1e6
    elif slack is None or abs(slack) > _NO_PATH:
        found.notes.append("no Fmax: no path has a setup slack")
        mhz = None
    elif period is None:
        found.notes.append(f"no Fmax: worst setup slack {slack} ns, of which period is for --period to say")
        mhz = None
    elif slack >= period:
        raise OutputError(f"{where}: worst setup slack {slack} ns is not less than the period, {period} ns")
    else:
        mhz = 1000 / (period - slack)
    if mhz is not None:
        found.timing = {"fmax_mhz": round(mhz, 3), "min_period_ns": round(1000 / mhz, 4)}
    power = content.get(f"{stage}power__total")
    if power is not None:
        found.power = {"power_mw": power * 1e3}
        for part in ("internal", "switching", "leakage"):
            value = content.get(f"{stage}power__{part}__total")
            if value is not None:
                found.power[f"{part}_mw"] = value * 1e3
    return found
