"""The systolic array beside a Flex-DPE of as many multipliers: transistors by part; cycles beside the paper's model.

Area is the ``cmos`` flow, summed over modules. Both engines have the registers that the paper gives SIGMA (section V):
a cycle of multiplication, a cycle an addition. The *compute array* is what Fig. 8 of the paper compares: multipliers,
adders, operands that stay, and the networks; *control* is the rest, the Flex-DPE's router and bitmap controller in it.

``python -m dotforge.figures.all systolic -o DIR`` writes the tables.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dotforge_sim.models import systolic as model

from ..engines.systolic.config import SystolicConfig
from ..export.design import from_parameters
from ..pictures import markdown
from ..synthesis import hierarchy
from .measured import kept

__all__ = ["ENGINES", "FORMATS", "PAPER", "SIDES", "areas", "cycles", "table", "write"]

Progress = Callable[[str], None]

FORMATS = ("int8", "bf16")
#: Rows and columns of the arrays; a Flex-DPE has as many lanes as both make.
SIDES = (4, 8, 16)
#: What Fig. 8 of the paper says SIGMA's compute array has over a systolic one: 128 Flex-DPEs of 128, 128×128.
PAPER = 0.377
#: Registers as in section V of the paper.
REGISTERS = {"multiplier_pipeline": 1, "adder_pipeline": 1}

#: What is measured: an engine, and what is not its default: of `flexdpe` nothing is chosen, its window is as wide as it
#: has lanes. The paper's folds leave before the next one comes.
ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "systolic": ("systolic", {}),
    "flexdpe": ("flexdpe", {"optimize": "none"}),
    "flexdpe, drain": ("flexdpe", {"optimize": "none", "fold_change": "drain"}),
}
#: Side of the largest array beside which folds that drain are measured: a netlist takes its time, and two sizes tell.
DRAINED = 8

#: Parts of an engine's compute array: the modules that each holds.
PARTS: dict[str, dict[str, Sequence[str]]] = {
    "systolic": {
        "multipliers": ("integer_multiplier", "float_multiplier"),
        "reduction": ("mac",),
        "distribution": ("skew",),
        "operands": ("processing_element",),
    },
    "flexdpe": {
        "multipliers": ("lane",),
        "reduction": ("fan", "overlap_fan"),
        "distribution": ("distribution_network",),
        "operands": ("values",),
    },
}
REST = "control"

#: Shapes M, K, N whose cycles are shown, with B stationary in 128 × 128 multipliers; the paper's.
GEMMS = ((128, 4096, 2048), (1632, 1024, 36548), (2048, 32, 4096), (1024, 500000, 16), (84, 4096, 1024))


def _parts(engine: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Transistors by part, and the sha256 of the Verilog."""
    made, parts = from_parameters(engine, parameters), PARTS[engine]

    def measure() -> dict[str, int]:
        return hierarchy.measure(made.verilog, made.top, timeout=7200).by_part(parts, REST)

    found = kept(made.verilog, ("parts", made.top, parts, REST), measure)
    return {"verilog_sha256": made.manifest["verilog_sha256"], "parts": found}


def areas(
    formats: Sequence[str] = FORMATS, sides: Sequence[int] = SIDES, progress: Progress = lambda line: None
) -> list[dict[str, Any]]:
    """Measure all of :data:`ENGINES`: rows of ``format``, ``multipliers``, ``engine``, and what :func:`_parts` gives.

    ``array`` and ``whole`` are the transistors without and with control, ``over_array`` and ``over_whole`` how much
    more that is than the systolic array's.

    Parameters
    ----------
    formats : of the operands
    sides : rows, and columns, of the arrays
    progress : takes a line for each thing that is measured
    """
    rows: list[dict[str, Any]] = []
    for format in formats:
        for side in sides:
            base: dict[str, Any] = {}
            for label, (engine, more) in ENGINES.items():
                if "drain" in label and side > DRAINED:
                    continue
                progress(f"area of {label}, {format}, {side * side} multipliers")
                size = {"rows": side, "columns": side} if engine == "systolic" else {"lanes": side * side}
                found = _parts(engine, {"format": format, **REGISTERS, **size, **more})
                whole = sum(found["parts"].values())
                row = {**found, "array": whole - found["parts"][REST], "whole": whole}
                base = base or row
                over = {f"over_{name}": row[name] / base[name] - 1 for name in ("array", "whole")}
                rows.append({"format": format, "multipliers": side * side, "engine": label, **row, **over})
    return rows


def cycles(shapes: Sequence[tuple[int, int, int]] = GEMMS, side: int = 128) -> list[dict[str, Any]]:
    """Count cycles with one weight a multiplier and with two, beside the paper's model.

    Parameters
    ----------
    shapes : M, K and N of products
    side : rows, and columns, of the array
    """
    rows = []
    for m, k, n in shapes:
        row: dict[str, Any] = {"shape": [m, k, n]}
        for name, double_buffer in (("one", False), ("two", True)):
            config = SystolicConfig(rows=side, columns=side, double_buffer=double_buffer)
            found, folds = model.exact(asdict(config), (m, k, n))
            row |= {name: found.total, "folds": folds, "paper": folds * (m + side + min(k, side))}
        rows.append(row)
    return rows


def table(content: dict[str, list[dict[str, Any]]]) -> str:
    """Return all as Markdown tables."""
    parts = [*PARTS["systolic"], REST]
    areas = [
        [
            *(row[name] for name in ("format", "multipliers", "engine")),
            *(f"{row['parts'][part] / row['multipliers']:,.0f}" for part in parts),
            *(
                f"{row[name] / row['multipliers']:,.0f} ({row[f'over_{name}']:+.1%})"
                for name in ("array", "whole")
            ),
            row["verilog_sha256"][:12],
        ]
        for row in content["areas"]
    ]
    counts = [
        [", ".join(map(str, row["shape"])), *(f"{row[name]:,}" for name in ("folds", "paper", "one", "two"))]
        for row in content["cycles"]
    ]
    lines = [
        "Transistors a multiplier (flow `cmos`, sum over modules), and how much more than the systolic array's; the "
        f"paper's Fig. 8 says {PAPER:+.1%} of compute arrays of 16,384 multipliers:",
        "",
        *markdown.table(
            ["format", "multipliers", "engine", *parts, "compute array", "whole engine", "Verilog sha256"],
            areas,
            align="lrlrrrrrrrl",
        ),
        "",
        "Cycles on 128 × 128 multipliers, B stationary:",
        "",
        *markdown.table(["M, K, N", "folds", "the paper's model", "one weight a multiplier", "two"], counts),
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, progress: Progress = lambda line: None) -> list[Path]:
    """Write ``systolic.md`` and ``systolic.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    directory.mkdir(parents=True, exist_ok=True)
    content = {"areas": areas(progress=progress), "cycles": cycles()}
    texts = {"md": table(content), "json": json.dumps(content, indent=1, allow_nan=False) + "\n"}
    paths = [directory / f"systolic.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
