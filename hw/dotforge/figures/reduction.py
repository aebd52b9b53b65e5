"""Fig. 6b of 004_cc286613ada5888f (SIGMA) from netlists: linear reduction, FAN and ART from 16 to 512 lanes.

Area is the ``sum`` mode of the ``cmos`` flow: every distinct module once, added up over its instances. All
networks have the same adder, one cycle deep, free-running registers (no stall), and vecIDs that are held
while a fold lasts: no network spends registers on control.

Cycles: ``FOLDS`` folds of ``VECTORS`` vectors, one a cycle; a fold's vectors leave before the next fold
enters, which takes ``lanes`` cycles in the chain and log2(``lanes``) in the trees, as in the paper.

Activity, two models between which a chip lies. ``ungated``: every cell switches in every cycle, vectors or
not, so energy is area · cycles (the paper's power figures behave like that). ``gated``: cells switch for
vectors only, so energy is area · vectors. The energy-delay product is energy · cycles. All clocks are the
same, which favours ART, whose floating-point level is two adders deep.

``python -m dotforge.figures.reduction DIR`` writes table, plot and numbers.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..export.verilog import convert
from ..formats.table import FP32, INT32, Format
from ..network.reduction.art import Art
from ..network.reduction.fan import Fan
from ..network.reduction.linear import LinearReduction, skew_registers
from ..network.reduction.reduction import Reduction
from ..pictures import markdown
from ..pictures.bar_chart import Panel, render
from ..synthesis import area, hierarchy
from .measured import kept, write_texts

__all__ = ["FOLDS", "LANES", "VECTORS", "collect", "cycles", "energy_delay", "measure", "table", "write"]

FOLDS = 100
VECTORS = 1000
LANES = (16, 32, 64, 128, 256, 512)
NETWORKS: dict[str, type[Reduction]] = {"linear": LinearReduction, "FAN": Fan, "ART": Art}
FORMATS: dict[str, Format] = {"FP32": FP32, "INT32": INT32}

#: The paper's post-layout figures at 512 lanes, FP32, against linear: area, power, energy-delay product.
PAPER = {"FAN": {"area": 0.10, "power": 0.31, "edp": -0.45}, "ART": {"area": 0.92, "power": 0.86}}

#: What may be asked of the FAN, and is measured one by one.
OPTIONS: dict[str, Any] = {
    "stallable": True,
    "tag_width": 16,
    "gate_empty": True,
    "align_outputs": True,
    "compact": True,
}

#: Lines of the report: what each kind of module is counted as.
LINES = {
    "adders": ("float_adder", "three_input_adder", "reduction_adder"),
    "link registers": ("delay",),
    "selectors": ("select",),
    "gates of operands": ("gate", "linear_stage"),
    "vecID comparators": ("joins",),
    "control of the nodes": ("fan_control", "art_control", "fan_leaf", "fan_tree", "art_node", "art_tree"),
    "valid bits": ("fan", "art", "linear"),
    "alignment": ("align",),
    "compaction": ("compact",),
}


def measure(
    network: str, lanes: int, sum_format: str, *, flat: bool = False, **parameters: Any
) -> dict[str, Any]:
    """Measure one network; results are kept on disk by Verilog text and flow.

    Parameters
    ----------
    network : ``linear``, ``FAN`` or ``ART``
    lanes : 2…512
    sum_format : ``FP32`` or ``INT32``
    flat : one flat netlist, without lines
    parameters : more of the network's

    Returns
    -------
    ``transistors``, ``registers``, and ``lines``: name → transistors. Registers that end an adder are a line
    of their own.
    """
    block = NETWORKS[network](lanes, sum_format=FORMATS[sum_format], **{"stallable": False, **parameters})
    design = convert(block, name=network.lower())
    count = _flat if flat else _by_line
    return kept(design.verilog, (LINES, flat), lambda: count(design.verilog, design.top), code=[__name__])


def _flat(verilog: str, top: str) -> dict[str, Any]:
    found = area.synthesize(verilog, top)
    return {"transistors": found.transistors, "registers": found.registers, "lines": {}}


def _by_line(verilog: str, top: str) -> dict[str, Any]:
    tree = hierarchy.measure(verilog, top)
    kinds = {kind: line for line, kinds in LINES.items() for kind in kinds}
    lines = dict.fromkeys(LINES, 0) | {"adder output registers": 0}
    for module in tree.modules:
        kind = re.sub(r"_\d+$", "", module.name.removeprefix(f"{top}_"))
        line = kinds.get(kind, "adders")  # what has another name is a part of the floating-point adder
        ending = 16 * module.own.registers if line == "adders" else 0
        lines[line] += (module.own.transistors - ending) * module.instances
        lines["adder output registers"] += ending * module.instances
    total = tree.total
    return {
        "transistors": total.transistors,
        "registers": total.registers,
        "lines": {line: count for line, count in lines.items() if count},
    }


def cycles(network: str, lanes: int) -> int:
    """Return the cycles of all folds: every fold waits for the last sum of the one before.

    Parameters
    ----------
    network : ``linear``, ``FAN`` or ``ART``
    lanes : of the network
    """
    drain = lanes if network == "linear" else (lanes - 1).bit_length()
    return FOLDS * (VECTORS + drain)


def energy_delay(network: str, lanes: int, transistors: int, activity: str) -> float:
    """Return the energy-delay product in switched transistors · cycles².

    Parameters
    ----------
    activity : ``ungated`` or ``gated``, see the module
    network : ``linear``, ``FAN`` or ``ART``
    lanes, transistors : of the network
    """
    time = cycles(network, lanes)
    active = {"ungated": time, "gated": FOLDS * VECTORS}[activity]
    return float(transistors) * active * time


def collect(lanes: Sequence[int] = LANES, progress: Callable[[str], None] = lambda line: None) -> list[dict]:
    """Return one row for every format, number of lanes and network.

    Parameters
    ----------
    lanes : sizes of the networks
    progress : takes a line for each thing that is measured
    """
    rows: list[dict] = []
    for sum_format in FORMATS:
        for count in lanes:
            base: dict[str, Any] = {}
            for network in NETWORKS:
                found = measure(network, count, sum_format)
                row: dict[str, Any] = {"format": sum_format, "lanes": count, "network": network, **found}
                row["cycles"] = cycles(network, count)
                row["edp"] = {
                    activity: energy_delay(network, count, found["transistors"], activity)
                    for activity in ("ungated", "gated")
                }
                base = base or row
                row["area_over_linear"] = row["transistors"] / base["transistors"] - 1
                row["speedup"] = base["cycles"] / row["cycles"]
                row["edp_over_linear"] = {key: row["edp"][key] / base["edp"][key] - 1 for key in row["edp"]}
                rows.append(row)
                progress(f"{sum_format} {network} {count}: {row['transistors']:,} transistors")
    return rows


def table(rows: Sequence[dict]) -> str:
    """Return the figure as Markdown."""
    head = [
        *("format", "lanes", *NETWORKS, "FAN over linear", "ART over linear", "speed-up"),
        *("EDP, FAN over linear: ungated", "gated"),
    ]
    lines: list[list[str]] = []
    grouped: dict[tuple[str, int], dict[str, dict]] = {}
    for row in rows:
        grouped.setdefault((row["format"], row["lanes"]), {})[row["network"]] = row
    for (sum_format, lanes), found in grouped.items():
        fan, art = found["FAN"], found["ART"]
        cells = [sum_format, str(lanes), *(f"{found[name]['transistors']:,}" for name in NETWORKS)]
        cells += [f"{fan['area_over_linear']:+.1%}", f"{art['area_over_linear']:+.1%}"]
        cells.append(f"{fan['speedup']:.2f}")
        cells += [f"{fan['edp_over_linear'][key]:+.0%}" for key in ("ungated", "gated")]
        lines.append(cells)
    parts = markdown.table(head, lines)
    last = max(lanes for _, lanes in grouped)
    parts += ["", f"FP32, {last} lanes, beside the paper's post-layout figures at 512:", ""]
    parts += _beside_paper(grouped["FP32", last], last)
    parts += ["", f"Where the transistors are, FP32, {last} lanes:", ""]
    parts += _by_line_table(grouped["FP32", last])
    return "\n".join(parts) + "\n"


def _beside_paper(found: dict[str, dict], lanes: int) -> list[str]:
    fan, art = found["FAN"], found["ART"]
    over_art = fan["edp"]["ungated"] / art["edp"]["ungated"] - 1
    skew = skew_registers(lanes, 32)
    rows = [
        ["area, FAN over linear", f"{fan['area_over_linear']:+.1%}", f"{PAPER['FAN']['area']:+.0%}"],
        ["area, ART over linear", f"{art['area_over_linear']:+.1%}", f"{PAPER['ART']['area']:+.0%}"],
        ["energy-delay product, FAN over linear", f"{fan['edp_over_linear']['ungated']:+.0%}", "−45%"],
        ["energy-delay product, FAN over ART", f"{over_art:+.0%}", "−34%"],
        ["flip-flops that skew the input of linear, not counted above", f"{skew:,}", None],
    ]
    return markdown.table(["", "here", "paper"], rows)


def _by_line_table(found: dict[str, dict]) -> list[str]:
    base = found["linear"]["transistors"]
    names = list(dict.fromkeys(line for row in found.values() for line in row["lines"]))
    counts = {line: [found[network]["lines"].get(line, 0) for network in NETWORKS] for line in names}
    counts["all"] = [found[network]["transistors"] for network in NETWORKS]
    return markdown.table(
        ["line", *NETWORKS, "FAN, % of linear's area"],
        [[line, *(f"{count:,}" for count in each), f"{each[1] / base:.1%}"] for line, each in counts.items()],
    )


def plot(rows: Sequence[dict]) -> str:
    """Return the figure as SVG."""
    lanes = sorted({row["lanes"] for row in rows})

    def series(sum_format: str, value: Callable[[dict], float]) -> dict[str, list[float]]:
        return {
            network: [value(row) for row in rows if (row["format"], row["network"]) == (sum_format, network)]
            for network in NETWORKS
        }

    groups = [str(count) for count in lanes]
    panels = (
        ("Area, FP32", "million transistors", "FP32", lambda row: row["transistors"] / 1e6),
        ("Area, INT32", "million transistors", "INT32", lambda row: row["transistors"] / 1e6),
        ("Speed-up over linear", f"{FOLDS} folds × {VECTORS} vectors", "FP32", lambda row: row["speedup"]),
        (
            "Energy-delay product, FP32",
            "linear = 1, every cell switching",
            "FP32",
            lambda row: 1 + row["edp_over_linear"]["ungated"],
        ),
    )
    return render([Panel(title, unit, groups, series(key, value)) for title, unit, key, value in panels])


def options_table(lanes: int = 64, progress: Callable[[str], None] = lambda line: None) -> str:
    """Return what the options of the FAN cost, FP32, as Markdown."""
    plain = measure("FAN", lanes, "FP32")["transistors"]
    rows: list[list[object]] = [["plain", f"{plain:,}", None]]
    for name, value in OPTIONS.items():
        found = measure("FAN", lanes, "FP32", **{name: value})["transistors"]
        label = name if value is True else f"{name}={value}"
        rows.append([f"`{label}`", f"{found:,}", f"{found / plain - 1:+.1%}"])
        progress(f"{label}: {found:,} transistors")
    parts = [f"FAN, FP32, {lanes} lanes:", "", *markdown.table(["", "all", "against the plain one"], rows)]
    wide = measure("FAN", lanes, "INT32")["transistors"]
    narrow = measure("FAN", lanes, "INT32", input_width=16)["transistors"]
    parts += [
        "",
        f"INT32, {lanes} lanes: {wide:,}; with `input_width=16` {narrow:,} ({narrow / wide - 1:+.1%}).",
    ]
    return "\n".join(parts) + "\n"


def flat_table(lanes: Sequence[int] = (8, 16), progress: Callable[[str], None] = lambda line: None) -> str:
    """Return how near the sum over modules is to one flat netlist, as Markdown."""
    rows = []
    for sum_format in FORMATS:
        for count in lanes:
            cells = []
            for network in NETWORKS:
                total = measure(network, count, sum_format)["transistors"]
                flat = measure(network, count, sum_format, flat=True)["transistors"]
                cells.append(f"{total:,} / {flat:,} ({total / flat - 1:+.1%})")
            rows.append([f"{sum_format}, N = {count}", *cells])
            progress(", ".join(map(str, rows[-1])))
    return "\n".join(markdown.table(["transistors, sum / flat", *NETWORKS], rows)) + "\n"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``reduction.md``, ``reduction.svg`` and ``reduction.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows = collect(progress=progress)
    text = "\n".join([table(rows), options_table(progress=progress), flat_table(progress=progress)])
    texts = {"md": text, "svg": plot(rows), "json": json.dumps(rows, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "reduction", texts)


def main() -> None:
    """Write the figure into the directory that the command line names."""
    parser = argparse.ArgumentParser(description="Area, speed-up and energy-delay product of reduction.")
    parser.add_argument("directory", type=Path)
    for path in write(parser.parse_args().directory, lambda line: print(line, file=sys.stderr, flush=True)):
        print(path)


if __name__ == "__main__":
    main()
