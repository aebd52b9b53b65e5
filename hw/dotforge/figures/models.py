"""Sizes of formats (SIGMA's Fig. 7), rooflines, energy, and training systems (MC-DLA's Fig. 9 and 11 to 14).

``python -m dotforge.figures.all -o DIR models`` writes ``models.md``, ``models.json`` and three pictures.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dotforge_sim.models import energy, metadata, roofline
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.parameter_file import load, values
from dotforge_sim.models.system import analysis
from dotforge_sim.models.system.fabric import SYSTEMS, power_table
from dotforge_sim.models.workloads import Gemm, paper_workloads

from ..json_text import json_text
from ..pictures.markdown import table
from ..pictures.plots import figure, rendered
from ..pictures.roofline import draw as draw_roofline
from ..tools.files import write_bytes, write_text
from .front_ends import costs_table

__all__ = ["averages", "page", "write"]

#: The matrix of Fig. 7.
ROWS, COLUMNS = 1632, 36548
SPARSITIES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)

#: A feed-forward layer of a large language model, for one token, at some batches and devices.
LAYER, BATCHES, DEVICES = Gemm("28672×8192", 1, 28672, 8192), (1, 8, 64, 512), ("h100", "a100", "groq-lpu")

#: What the paper prints (V-B) → our average of the same name.
PRINTED = {"mc-b": 2.8, "mc-b_data": 3.5, "mc-b_model": 2.1, "hc_data": 1.32, "hc_model": 1.38,
            "mc-b_of_oracle": 0.95,
           "mc-s_of_mc-b": 0.86, "mc-l_of_mc-b": 0.96, "hc_virtualization": 0.88, "hc_synchronization": 0.90,
           "gen4": 2.1, "faster": 3.2, "dgx2": 2.9, "compressed_cnns": 2.3}  # fmt: skip


def _sizes() -> list[list[Any]]:
    rows = []
    for name in metadata.FORMATS:
        cells = []
        for sparsity in SPARSITIES:
            found = metadata.of_density(ROWS, COLUMNS, 1 - sparsity)
            cells.append(f"{metadata.FORMATS[name](found)[1] / (ROWS * COLUMNS):.3f}")
        crossing = metadata.crossover(name, ROWS, COLUMNS, 16)
        said = "" if crossing is None else f"{100 * crossing[0]:.1f} … {100 * crossing[1]:.1f} %"
        rows.append([name, *cells, said])
    return rows


def _bounds() -> list[dict[str, Any]]:
    known = roofline.devices()
    return [roofline.bound(LAYER, known[name], batch=batch) for name in DEVICES for batch in BATCHES]


def _energy() -> list[list[Any]]:
    rows = []
    for format, node, dram in (
        ("int8", 45, "ddr"),
        ("int8", 7, "hbm2"),
        ("bf16", 7, "hbm2"),
        ("fp32", 7, "hbm2"),
    ):
        levels = energy.Levels("sram_1mb", dram)
        found = [energy.of_product(of_gemm(gemm), format, node, levels) for gemm in paper_workloads()]
        parts = [
            sum(each["energy_pj"][part] for each in found)
            for part in ("arithmetic", "on_chip_memory", "dram")
        ]
        macs = sum(each["macs"] for each in found)
        rows.append(
            [f"{format}, {node} nm, {dram}", *(f"{part / macs:.3f}" for part in (*parts, sum(parts)))]
        )
    return rows


def _spread() -> list[list[Any]]:
    """Return the extremes of the sensitivity run, and which combinations come nearest to what is printed."""
    rows = sorted(analysis.sensitivity(), key=lambda row: row["all"])
    near = min(rows, key=lambda row: abs(row["data"] / 3.5 - 1) + abs(row["model"] / 2.1 - 1))
    chosen = {"least": rows[0], "nearest to 3.5 and 2.1": near, "greatest": rows[-1]}
    return [
        [
            name,
            *(f"{row[key]:g}" for key in analysis.GRID),
            *(f"{row[key]:.2f}×" for key in ("data", "model", "all")),
        ]
        for name, row in chosen.items()
    ]


def averages() -> list[str]:
    """Return the table of training systems: averages that are printed, and ours."""
    found = {**analysis.summary(), **analysis.variants()}
    rows = [
        [name, printed, f"{found[name]:.3f}", f"{100 * (found[name] / printed - 1):+.0f} %"]
        for name, printed in PRINTED.items()
    ]
    return table(["average", "printed", "ours", "off"], rows)


def page() -> str:
    """Return the tables."""
    bounds, p = _bounds(), values(load("system"))
    spread = analysis.sensitivity()
    reached = sum(row["all"] >= 2.8 for row in spread)
    system_rows = [row for row in analysis.speedups() if row["system"] not in ("DC-DLA",)]
    names = [name for name in SYSTEMS.values() if name != "DC-DLA"]
    by = {(row["parallel"], row["network"], row["system"]): row["speedup"] for row in system_rows}
    parts = ["## Metadata of a matrix of 1632×36548, bits an element, by sparsity", "", *table(
        ["format", *(f"{100 * each:.0f} %" for each in SPARSITIES), "smaller than a bitmap, 16-bit values"],
            _sizes())]  # fmt: skip
    parts += ["", "## Front ends that make bitmaps, transistors (flow cmos)", "", *costs_table()]
    parts += ["", "## Roofline: a layer of 8192 inputs and 28672 outputs, FP16", "", *table(
        ["device", "batch", "OP/byte", "ridge", "limit", "TOP/s", "of peak"],
        [[row["device"], row["batch"], f"{row['intensity']:.1f}", f"{row['ridge']:.1f}", row["limit"],
          f"{row['attainable'] / 1e12:.1f}", f"{100 * row['utilisation']:.1f} %"] for row in bounds],
            align="lrrrlr")]  # fmt: skip
    parts += ["", "## Energy a multiply-add of the paper's ten products, pJ", "", *table(
        ["format, node, DRAM", "arithmetic", "on-chip memory, 1 MB", "DRAM", "all"], _energy())]  # fmt: skip
    for parallel in analysis.PARALLEL:
        parts += ["", f"## Training systems: speedup over DC-DLA, {parallel}-parallel", "", *table(
            ["network", *names], [[network, *(f"{by[parallel, network, name]:.2f}×" for name in names)]
                                  for network in analysis.NETWORKS])]  # fmt: skip
    parts += ["", "## Training systems: printed and ours", "", *averages()]
    parts += ["", f"MC-DLA(B) is 2.8 times faster with {analysis.needed_pcie(2.8) / 1e9:.2f} GB/s from a device to its "
              f"host, other inputs as they are; {reached} of {len(spread)} combinations of what the paper leaves out "
              "reach 2.8:",
              "", *table(
        ["", *analysis.GRID, "data", "model", "all"], _spread())]  # fmt: skip
    parts += ["", "## Ring collectives of 8 MB, time to that of two nodes (Fig. 9)", "", *table(
        ["collective", "nodes", "µs", "to two"], [
            [row["collective"], row["nodes"], f"{1e6 * row['seconds']:.0f}", f"{row['to_two']:.2f}"]
            for row in analysis.collectives()])]  # fmt: skip
    parts += ["", "## Power of memory-nodes (Table IV)", "", *table(
        ["DIMMs", "W a node", "GB/W", "W of eight", "more than a DGX", "TB"],
        [[f"{row['dimm_gb']} GB", f"{row['node_w']:.0f}", f"{row['gb_per_w']:.1f}", f"{row['added_w']:.0f}",
          f"{100 * row['added']:.1f} %", f"{row['system_tb']:.2f}"] for row in power_table(p)])]  # fmt: skip
    return "\n".join(parts) + "\n"


def draw_sizes(kind: str = "svg") -> bytes:
    """Return a picture of Fig. 7 as lines over all sparsities."""
    with figure(1, 1, 8, 5) as (made, axes):
        axis = axes[0][0]
        steps = [step / 200 for step in range(1, 200)]
        for name in metadata.FORMATS:
            if name == "none":
                continue
            bits = [
                metadata.FORMATS[name](metadata.of_density(ROWS, COLUMNS, 1 - each))[1] / (ROWS * COLUMNS)
                for each in steps
            ]
            axis.plot(
                [100 * each for each in steps], bits, label=name, linewidth=2.5 if name == "bitmap" else 1.5
            )
        axis.set_yscale("log")
        axis.set_xlabel("sparsity, %")
        axis.set_ylabel("metadata, bits an element")
        axis.legend(fontsize=8, loc=(0.05, 0.16), ncols=3)
        return rendered(made, kind)


def draw_systems(kind: str = "svg") -> bytes:
    """Return a picture of Fig. 11 and 13."""
    with figure(2, 2, 13, 8) as (made, axes):
        names = [name for name in SYSTEMS.values() if name != "DC-DLA"]
        found = analysis.speedups()
        busy = [row for row in analysis.breakdown() if row["system"] in ("DC-DLA", "HC-DLA", "MC-DLA(B)")]
        for column, parallel in enumerate(analysis.PARALLEL):
            rows = [row for row in busy if row["parallel"] == parallel]
            most = max(sum(row[part] for part in _PARTS) for row in rows)
            bottom = [0.0] * len(rows)
            for part in _PARTS:
                heights = [row[part] / most for row in rows]
                axes[0][column].bar(range(len(rows)), heights, bottom=bottom, label=part)
                bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
            axes[0][column].set_xticks(
                range(len(rows)),
                [f"{row['network']} {row['system']}" for row in rows],
                rotation=90,
                fontsize=6,
            )
            axes[0][column].set_title(f"busy time, {parallel}-parallel, to the longest (Fig. 11)")
            axes[0][column].legend(fontsize=7)
            for number, name in enumerate(names):
                picked = [
                    row["speedup"] for row in found if (row["parallel"], row["system"]) == (parallel, name)
                ]
                places = [group + (number - 2) * 0.16 for group in range(len(picked))]
                axes[1][column].bar(places, picked, 0.16, label=name)
            axes[1][column].set_xticks(
                range(len(analysis.NETWORKS)), analysis.NETWORKS, rotation=30, fontsize=7
            )
            axes[1][column].set_title(f"speedup over DC-DLA, {parallel}-parallel (Fig. 13)")
            axes[1][column].legend(fontsize=7, loc="upper left" if parallel == "model" else "upper right")
        return rendered(made, kind)


_PARTS = ("computation", "synchronization", "virtualization")


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``models.md``, ``models.json``, ``metadata.svg``, ``roofline.svg`` and ``systems.svg``; return their
    paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    directory.mkdir(parents=True, exist_ok=True)
    progress("training systems")
    found = {"averages": {**analysis.summary(), **analysis.variants()}, "speedups": analysis.speedups(),
             "breakdown": analysis.breakdown(), "sensitivity": analysis.sensitivity(),
             "roofline": _bounds()}  # fmt: skip
    write_text(directory / "models.md", page())
    write_text(directory / "models.json", json_text(found, indent=1) + "\n")
    write_bytes(directory / "metadata.svg", draw_sizes())
    known = roofline.devices()
    write_bytes(directory / "roofline.svg", draw_roofline([known[name] for name in DEVICES], _bounds()))
    write_bytes(directory / "systems.svg", draw_systems())
    return [
        directory / name
        for name in ("models.md", "models.json", "metadata.svg", "roofline.svg", "systems.svg")
    ]
