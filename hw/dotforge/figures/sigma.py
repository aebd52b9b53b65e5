"""SIGMA's evaluation: its figures 9 to 14 and its averages, printed, by its formulas, and by our exact model.

Streaming is ``unlimited`` unless a table says otherwise: the paper's averages come out only so.
``python -m dotforge.figures.all -o DIR sigma`` writes ``sigma.md``, ``sigma.json`` and two pictures.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

from dotforge_sim.models import sigma
from dotforge_sim.models.exact import exact
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.paper import Sigma
from dotforge_sim.models.sparse_accelerators import ACCELERATORS
from dotforge_sim.models.systolic_array import SHAPES, SystolicArray
from dotforge_sim.models.workloads import paper_workloads

from ..engines.flexdpe.presets import PUBLISHED
from ..export.design import from_parameters
from ..json_text import json_text
from ..pictures.markdown import table
from ..pictures.plots import figure, rendered
from ..registry import configure
from ..synthesis import hierarchy
from ..tools.files import write_bytes, write_text
from . import flexdpe_switching

__all__ = ["AREA_PARAMETERS", "areas", "claims", "draw", "flexdpe", "page", "sizes", "sizes_table", "write"]

#: Sparsities of the exact model's sparse products.
_SPARSE = ((Fraction(2, 10), Fraction(7, 10)), (Fraction(7, 10), Fraction(2, 10)))


def flexdpe() -> dict[str, float]:
    """Return our Flex-DPE of 128 lanes on the paper's products, routing in hardware, beside an 8×16 systolic array."""
    parameters = asdict(configure("flexdpe", PUBLISHED["int8-128"])[1])
    found: dict[str, float] = {}
    for name, pairs in (("dense", ((Fraction(1), Fraction(1)),)), ("sparse", _SPARSE)):
        ours, array = [], []
        for pair in pairs:
            for gemm in paper_workloads(*pair):
                product = of_gemm(gemm)
                ours.append(exact("flexdpe", parameters, product))
                array.append(SystolicArray(8, 16).count(product))
        found[f"{name}_speedup"] = geometric_mean(
            [b.total / a.total for a, b in zip(ours, array, strict=True)]
        )
        found[f"{name}_efficiency"] = fmean(each.overall_efficiency or 0 for each in ours)
        found[f"{name}_array_efficiency"] = fmean(each.overall_efficiency or 0 for each in array)
    return found


#: Of the Flex-DPEs of Fig. 9, beside lanes: as small as they get.
AREA_PARAMETERS = {"optimize": "none", "row_bits": 8, "index_bits": 4, "stationary_bandwidth": 1,
                   "multiplier_pipeline": 0, "fold_change": "drain"}  # fmt: skip


def areas(lanes: Sequence[int] = (8, 16, 32, 64, 128)) -> dict[str, Any]:
    """Measure what ``data/flexdpe_area.json`` holds: INT8, flow ``cmos``, a sum over modules, and what switches a
    multiplier and cycle by part; minutes for all.

    Parameters
    ----------
    lanes : of the engines, powers of two from 4 to 512
    """
    found = {}
    for count in lanes:
        made = from_parameters("flexdpe", {"lanes": count, **AREA_PARAMETERS})
        total = hierarchy.measure(made.verilog, made.top).total.transistors
        found[str(count)] = {
            "sum": total,
            "switched": flexdpe_switching.parts(made),
            "verilog_sha256": made.manifest["verilog_sha256"],
        }
    return {
        "command": "python -m dotforge.figures.sigma",
        "parameters": AREA_PARAMETERS,
        "transistors": found,
    }


def sizes() -> list[dict[str, Any]]:
    """Return Fig. 9: arrays of 16,384 multipliers made of our Flex-DPEs, from the areas of their netlists."""
    text = (files("dotforge_sim.models") / "data" / "flexdpe_area.json").read_text(encoding="utf-8")
    rows = []
    for lanes, measured in json.loads(text)["transistors"].items():
        machine = Sigma(reduction=int(lanes))
        cycles = [
            machine.count(of_gemm(gemm)).total
            for pair in sigma.sparse_pairs()
            for gemm in paper_workloads(*pair)
        ]
        area = measured["sum"] * 16_384 // int(lanes)
        switched = measured["switched"]
        time = geometric_mean(cycles)
        rows.append({"lanes": int(lanes), "transistors": area, "cycles": time,
            "performance_per_area": 1 / (area * time),
                     "area_time": area * time, "switched": switched,
                     "energy": sum(switched.values())})  # fmt: skip
    return rows


def sizes_table() -> list[str]:
    """Return Fig. 9 as a table."""
    found = sizes()
    best = max(row["performance_per_area"] for row in found)
    least = min(row["area_time"] for row in found)
    frugal = min(row["energy"] for row in found)
    rows = [
        [row["lanes"], f"{row['transistors'] / 1e6:.1f}", f"{row['cycles']:,.0f}",
         f"{row['performance_per_area'] / best:.2f}", f"{row['area_time'] / least:.2f}",
         *(f"{row['switched'][part]:.0f}" for part in flexdpe_switching.PARTS),
         f"{row['energy'] / frugal:.2f}"]
        for row in found
    ]  # fmt: skip
    heads = [
        "lanes",
        "transistors of 16,384 multipliers, M",
        "cycles, mean",
        "performance per area, to the best",
    ]
    switching = [f"switching a MAC, {part}" for part in flexdpe_switching.PARTS]
    return table([*heads, "area · time, to the best", *switching, "energy, to the least"], rows)


def claims(ours: dict[str, float] | None = None) -> list[list[Any]]:
    """Return the rows: claim, printed, from the formulas, from our exact model of one Flex-DPE of 128 lanes."""
    found = sigma.averages()
    limited = sigma.averages("limited")
    others = sigma.over_sparse_accelerators()
    ratios = [row[name] for row in others for name in ACCELERATORS]
    own = ours or flexdpe()

    def percent(value: float) -> str:
        return f"{100 * value:.1f} %"

    return [
        ["dense speedup over the systolic array", "2×", f"{found['dense_speedup']:.2f}×",
            f"{own['dense_speedup']:.2f}×"],
        ["the same, streaming limited", "", f"{limited['dense_speedup']:.2f}×", ""],
        ["sparse speedup", "6× (5.7×)", f"{found['sparse_speedup']:.2f}×", f"{own['sparse_speedup']:.2f}×"],
        ["the same, streaming limited", "", f"{limited['sparse_speedup']:.2f}×", ""],
        ["dense efficiency, SIGMA", "82 %", percent(found["dense_efficiency"]), percent(own["dense_efficiency"])],
        ["dense efficiency, array", "59 %", percent(found["tpu_dense_efficiency"]),
         percent(own["dense_array_efficiency"])],
        ["sparse efficiency, SIGMA", "40 %", percent(found["sparse_efficiency"]), percent(own["sparse_efficiency"])],
        ["sparse efficiency, array", "under 10 %", percent(found["tpu_sparse_efficiency"]),
         percent(own["sparse_array_efficiency"])],
        ["effective TFLOPS/W over the array", "3.2×", f"{found['tflops_per_watt']:.2f}×", "no layout"],
        ["TFLOPS", "10.8", f"{2 * 16384 * 0.5e9 * found['dense_efficiency'] / 1e12:.1f} at 500 MHz; "
         f"{found['clock_for_10.8_tflops'] / 1e6:.0f} MHz gives 10.8", "no layout"],
        ["area", "65.10 mm²", "not derivable", "transistors, Fig. 9 below"],
        ["power", "22.33 W", "not derivable", "no layout"],
        ["global controller", "1.4 mm²", "not derivable", "part of each Flex-DPE"],
        ["over sparse accelerators", "3×", f"{fmean(ratios):.2f}× (geometric mean {geometric_mean(ratios):.2f}×)",
            ""],
    ]  # fmt: skip


def page(ours: dict[str, float] | None = None) -> str:
    """Return the tables."""
    parts = ["## Claims", "", *table(["claim", "printed", "from the formulas", "our Flex-DPE, 128 lanes, exact"],
                                     claims(ours), align="llll")]  # fmt: skip
    parts += ["", "## Fig. 9: sizes of Flex-DPEs", "", *sizes_table()]
    parts += ["", "## Fig. 10: dataflows", "", *table(
        ["product", "dataflow", "loading", "streaming", "add", "total", "overall efficiency"],
        [[row["name"], row["dataflow"], f"{row['loading']:,}", f"{row['streaming']:,.0f}", row["add"],
            f"{row['total']:,.0f}",
          f"{100 * row['overall']:.1f} %"] for row in sigma.dataflows()], align="llr")]  # fmt: skip
    names = ["TPU", "SIGMA_FI", "SIGMA_FI+Sc", "SIGMA_FI+Sc+Sp", "ideal"]
    parts += ["", "## Fig. 11: features, cycles", "", *table(
        ["product", *names], [[row["name"],
            *(f"{row[name]:,.0f}" for name in names)] for row in sigma.features()])]  # fmt: skip
    for streaming in ("unlimited", "limited"):
        shapes = [*(f"{r}×{c}" for r, c in SHAPES), "SIGMA"]
        cells = [
            [
                row["name"],
                *(f"{row[name]['speedup']:.2f}× {100 * row[name]['efficiency']:.0f} %" for name in shapes),
            ]
            for row in sigma.speedups_dense(streaming)
        ]
        title = f"## Fig. 12a and 13: dense, speedup over 128×128 and efficiency, streaming {streaming}"
        parts += ["", title, "", *table(["M-N-K", *shapes], cells)]
        found = sigma.speedups_sparse(streaming)
        pairs = list(dict.fromkeys(row["sparsity"] for row in found))
        parts += ["", f"## Fig. 12b and 13: sparse, averages over ten products, streaming {streaming}", "", *table(
            ["sparsity of A / B, %", "speedup", "efficiency", "array", "energy (speedup / 2)",
            "per area (speedup / 1.377)"],
            [_sparse_row(pair, [row for row in found if row["sparsity"] == pair]) for pair in pairs])]  # fmt: skip
    parts += ["", "## Fig. 14: over sparse accelerators, 80 % and 30 % sparsity", "", *table(
        ["M-N-K", *ACCELERATORS], [[row["name"], *(f"{row[name]:.2f}×" for name in ACCELERATORS)]
                                   for row in sigma.over_sparse_accelerators()])]  # fmt: skip
    return "\n".join(parts) + "\n"


def _sparse_row(pair: tuple[float, float], rows: list[dict[str, Any]]) -> list[str]:
    speedup = geometric_mean([row["speedup"] for row in rows])
    return [f"{100 * pair[0]:.0f} / {100 * pair[1]:.0f}", f"{speedup:.2f}×",
            f"{100 * fmean(row['efficiency'] for row in rows):.1f} %",
            f"{100 * fmean(row['tpu_efficiency'] for row in rows):.1f} %", f"{speedup / 2:.2f}×",
            f"{speedup / 1.377:.2f}×"]  # fmt: skip


def draw(kind: str = "svg") -> bytes:
    """Return a picture of Fig. 10, 11, 12 and 14."""
    with figure(2, 2, 12, 8) as (made, axes):
        flows = sigma.dataflows()
        labels = [f"{row['name']}\n{row['dataflow']}" for row in flows]
        bottom = [0.0] * len(flows)
        for bucket in ("loading", "streaming", "add"):
            heights = [row[bucket] / row["total"] for row in flows]
            axes[0][0].bar(range(len(flows)), heights, bottom=bottom, label=bucket)
            bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
        axes[0][0].plot(
            range(len(flows)),
            [row["overall"] for row in flows],
            "k_",
            markersize=12,
            label="overall efficiency",
        )
        axes[0][0].set_xticks(range(len(flows)), labels, rotation=90, fontsize=6)
        axes[0][0].set_title("Fig. 10: cycles by dataflow, shares of each")
        axes[0][0].legend(fontsize=7, loc="lower left")
        found = sigma.features()
        _bars(axes[0][1], [row["name"] for row in found],
              {name: [row[name] for row in found] for name in ("TPU", "SIGMA_FI", "SIGMA_FI+Sc",
              "SIGMA_FI+Sc+Sp")})  # fmt: skip
        axes[0][1].set_yscale("log")
        axes[0][1].set_title("Fig. 11: cycles as features are added")
        dense = sigma.speedups_dense()
        names = [*(f"{r}×{c}" for r, c in sigma.ASPECTS), "SIGMA"]
        _bars(
            axes[1][0],
            [row["name"] for row in dense],
            {name: [row[name]["speedup"] for row in dense] for name in names},
        )
        axes[1][0].set_title("Fig. 12a: dense, speedup over 128×128, streaming unlimited")
        rows = sigma.over_sparse_accelerators()
        _bars(
            axes[1][1],
            [row["name"] for row in rows],
            {name: [row[name] for row in rows] for name in ACCELERATORS},
        )
        axes[1][1].set_yscale("log")
        axes[1][1].axhline(1, color="black", linewidth=0.8)
        axes[1][1].set_title("Fig. 14: SIGMA's speedup over sparse accelerators (first order)")
        return rendered(made, kind)


def _bars(axis: Any, groups: list[str], series: dict[str, list[float]]) -> None:
    width = 0.8 / len(series)
    for number, (name, heights) in enumerate(series.items()):
        places = [group + (number - (len(series) - 1) / 2) * width for group in range(len(groups))]
        axis.bar(places, heights, width, label=name)
    axis.set_xticks(range(len(groups)), groups, rotation=30, ha="right", fontsize=7)
    axis.legend(fontsize=7)


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``sigma.md``, ``sigma.json`` and ``sigma.svg``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    directory.mkdir(parents=True, exist_ok=True)
    progress("our Flex-DPE on the paper's products")
    ours = flexdpe()
    found = {"averages": {streaming: dict(sigma.averages(streaming)) for streaming in ("unlimited", "limited")},
             "flexdpe": ours, "sizes": sizes(), "dataflows": sigma.dataflows(), "features": sigma.features(),
             "dense": sigma.speedups_dense(), "sparse": sigma.speedups_sparse(),
             "sparse_accelerators": sigma.over_sparse_accelerators()}  # fmt: skip
    texts = {"sigma.md": page(ours), "sigma.json": json_text(found, indent=1) + "\n"}
    for name, text in texts.items():
        write_text(directory / name, text)
    write_bytes(directory / "sigma.svg", draw())
    return [*(directory / name for name in texts), directory / "sigma.svg"]


if __name__ == "__main__":
    print(json_text(areas(), indent=1))
