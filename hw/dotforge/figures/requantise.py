"""What making NVFP4 of sums costs in hardware, and what a search of two scales is worth.

Area is the ``cmos`` flow on one flat netlist of all that ``dotforge generate`` writes. Accuracy is golden's on random
numbers of a printed seed, as sums of 24 bits, with the tensor scale of other numbers of the same distribution: what
calibration finds.

``python -m dotforge.figures.all requantise -o DIR`` writes the tables.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden.mx import Blocks
from dotforge_golden.mx_search import search
from dotforge_golden.requantise import requantise_nvfp4

from ..engines.requantise.config import RequantiseConfig
from ..export.design import from_parameters
from ..pictures import markdown
from .measured import cost, write_texts

__all__ = ["SEARCHES", "accuracies", "areas", "table", "write"]

#: Parameters of the lines with NVFP4.
SEARCHES = ("none", "four_over_six")

_SEED, _SHAPE, _LARGEST = 1, (256, 1024), 1 << 22

#: Name → draws numbers.
_DATA: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "normal": lambda rng: rng.normal(size=_SHAPE),
    "Laplace": lambda rng: rng.laplace(size=_SHAPE),
    "Student's t, 5 degrees": lambda rng: rng.standard_t(5, size=_SHAPE),
}


def areas(searches: Sequence[str] = SEARCHES) -> list[dict[str, Any]]:
    """Measure the unit for VS-Quant, and for NVFP4.

    Parameters
    ----------
    searches : of :data:`SEARCHES`
    """
    rows = []
    chosen = [{}, *({"format": "nvfp4", "scale_search": each} for each in searches)]
    for parameters in chosen:
        design = from_parameters("requantise", parameters)
        config = RequantiseConfig(**parameters)
        found = cost(design.verilog, design.top)
        rows.append({"parameters": parameters, "cycles": config.period, **found})
    return rows


def accuracies() -> list[dict[str, Any]]:
    """Return the SQNR of every kind of numbers, in decibels."""
    rows = []
    for name, draw in _DATA.items():
        rng = np.random.default_rng(_SEED)
        calibrating, numbers = draw(rng), draw(rng)
        largest = np.abs(calibrating).max()
        sums = np.clip(np.rint(numbers * (_LARGEST / largest)), -(1 << 23), (1 << 23) - 1).astype(np.int64)
        found = {}
        for each, top in (("none", 448), ("none", 256), ("four_over_six", 256)):
            unit = round(_LARGEST / (6 * top))
            elements, scales = requantise_nvfp4(sums, unit, scale_search=each)
            made = Blocks(elements, scales, np.full(len(sums), unit, np.float32), "nvfp4")
            found[f"{each} {top}"] = _sqnr(sums, made.values())
        for each, top in (("four_over_six", 256), ("least_error", 448)):
            made = search(sums, format="nvfp4", way=each, unit=float(round(_LARGEST / (6 * top))))
            found[f"offline {each}"] = _sqnr(sums, made.values())
        rows.append({"data": name, "seed": _SEED, **found})
    return rows


def _sqnr(sums: np.ndarray, made: np.ndarray) -> float:
    noise = ((sums - made) ** 2).sum()
    return round(float(10 * np.log10((sums.astype(np.float64) ** 2).sum() / noise)), 2)


def table(rows: Sequence[dict[str, Any]], accuracy: Sequence[dict[str, Any]]) -> str:
    """Return both as Markdown tables.

    Parameters
    ----------
    rows : of :func:`areas`
    accuracy : of :func:`accuracies`
    """
    lines = [
        "Vectors of 16, 24-bit sums, 16-bit unit (flow `cmos`, flat):",
        "",
        *markdown.table(
            ["parameters", "transistors", "flip-flops", "cycles a vector", "cycles a sum"],
            [
                [
                    ", ".join(f"{key}={value}" for key, value in row["parameters"].items()) or "default",
                    *(f"{row[name]:,}" for name in ("transistors", "registers", "cycles")),
                    f"{row['cycles'] / 16:.1f}",
                ]
                for row in rows
            ],
        ),
        "",
        "SQNR in decibels of sums in NVFP4, tensor scale amax / (6 · 448) or amax / (6 · 256) of other numbers:",
        "",
        *markdown.table(
            [
                "numbers",
                "none, 448",
                "none, 256",
                "four_over_six, 256",
                "offline: four_over_six",
                "least_error",
            ],
            [
                [
                    row["data"],
                    *(f"{value:.2f}" for name, value in row.items() if name not in ("data", "seed")),
                ]
                for row in accuracy
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``requantise.md`` and ``requantise.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    progress("areas")
    rows = areas()
    progress("accuracies")
    accuracy = accuracies()
    content = {"areas": rows, "accuracies": accuracy}
    texts = {"md": table(rows, accuracy), "json": json.dumps(content, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "requantise", texts)
