"""What 4- and 8-bit arithmetic costs in each style, and what it is worth: one table, one plot.

*Area* is the ``cmos`` flow on one flat netlist of the core: products, heap, scales, running sum and its register,
no operand registers, flags, clear or streams. *Switching* simulates that netlist (:mod:`dotforge.synthesis.switching`)
on dot products of quantised data, and holds its sums against golden, bit for bit. *SQNR* is golden's.

``python -m dotforge.figures.all formats -o DIR`` writes ``formats.md``, ``formats.json`` and ``formats.svg``.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden.quantise import sqnr

from ..export.verilog import convert
from ..pictures import markdown
from ..pictures.scatter import Point, Scatter, frontier, render
from ..synthesis import switching
from ..synthesis.switching import Netlist, mapped
from .format_units import UNITS, Encoded, Unit
from .measured import kept, write_texts

__all__ = [
    "DISTRIBUTIONS",
    "PAIRS",
    "TERMS",
    "claim",
    "collect",
    "drawn",
    "measure",
    "plot",
    "table",
    "write",
]

#: Dot products, and their length.
PAIRS, TERMS = 512, 512
SEED = 1
DISTRIBUTIONS = ("Gaussian", "Laplacian")

#: arXiv 2102.04503: W4A4 against INT8, a whole accelerator with its memories.
PAPER_AREA, PAPER_ENERGY = 0.37, 0.24


def drawn(distribution: str, pairs: int = PAIRS, terms: int = TERMS) -> tuple[np.ndarray, np.ndarray]:
    """Return activations and weights, independent, both of the distribution, (pairs, terms) each.

    Parameters
    ----------
    distribution : ``Gaussian`` or ``Laplacian``
    pairs : number of dot products
    terms : length of each
    """
    rng = np.random.default_rng(SEED)
    draw = rng.normal if distribution == "Gaussian" else rng.laplace
    return draw(size=(pairs, terms)), draw(size=(pairs, terms))


def measure(
    unit: Unit, pairs: int = PAIRS, terms: int = TERMS, progress: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Measure a unit: its name, ``lanes``, ``bits``, ``transistors``, ``registers``, ``switched``, ``sqnr_db``, ...

    Parameters
    ----------
    unit : what is measured
    pairs : number of dot products
    terms : length of each
    progress : takes a line for each thing that is measured

    Raises
    ------
    RuntimeError
        The netlist's sums are not golden's.
    """
    design = convert(unit.core())
    found: dict[str, dict[str, float]] = {"weights": {}, "products": {}}
    encoded: dict[str, Encoded] = {}
    for distribution in DISTRIBUTIONS:
        a, b = drawn(distribution, pairs, terms)
        encoded[distribution] = made = unit.encode(a, b)
        found["weights"][distribution] = sqnr(b, made.weights)
        found["products"][distribution] = sqnr((a * b).sum(axis=1), made.products)

    data = hashlib.sha256()
    for made in encoded.values():
        for words, width in made.inputs.values():
            data.update(words.tobytes() + bytes([width]))

    def count() -> dict[str, Any]:
        progress(f"{unit.name}, {unit.lanes} lanes")
        netlist = mapped(design.verilog, design.top)
        switched = {name: _switched(unit, netlist, made) for name, made in encoded.items()}
        switched["random words"] = _switched(unit, netlist, encoded[DISTRIBUTIONS[0]], random=True)
        return {
            "transistors": netlist.area.transistors,
            "registers": netlist.area.registers,
            "switched": switched,
        }

    how = design.top, switching.TRANSISTORS, data.hexdigest()
    costs = kept(design.verilog, how, count, code=[switching, __name__])
    return {
        "format": unit.name,
        "lanes": unit.lanes,
        "bits": list(unit.bits),
        **costs,
        "sqnr_db": found,
        "quantiser": {name: made.quantiser for name, made in encoded.items()},
    }


def _switched(unit: Unit, netlist: Netlist, made: Encoded, *, random: bool = False) -> float:
    """Transistors that switch a cycle; ``random`` replaces elements by evenly drawn words."""
    rng = np.random.default_rng(SEED)
    bits = {}
    for port, (encoded, width) in made.inputs.items():
        words = encoded
        if random and port in made.elements:
            words = rng.choice(made.elements[port], encoded.shape)
        shifted = words.transpose(1, 0, 2)[..., None] >> np.arange(width) & 1
        bits[port] = shifted.astype(np.uint8).reshape(*shifted.shape[:2], -1)
    found = netlist.simulate(bits)
    if not random:
        beats = len(next(iter(bits.values()))) - 1  # the sum of a beat is there one cycle later
        (outputs,) = found.outputs.values()
        last = outputs[-1]
        sums = np.zeros(len(last), np.int64)
        for index in range(last.shape[1]):
            sums |= last[:, index].astype(np.int64) << 8 * index
        wrong = np.count_nonzero((sums - made.sums(beats)) % 2**made.sum_bits)
        if wrong:
            raise RuntimeError(f"{unit.name}: {wrong} of {len(sums)} sums of the netlist are not golden's")
    return found.transistors


def collect(
    units: Sequence[Unit] = UNITS, progress: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """Return a row for each unit, see :func:`measure`.

    Parameters
    ----------
    units : what to measure
    progress : takes a line for each thing that is measured
    """
    return [measure(unit, progress=progress) for unit in units]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table, and the answer to the paper, as Markdown."""

    def cells(row: dict[str, Any]) -> list[object]:
        lanes, bits = row["lanes"], row["bits"]
        width = f"{bits[0]:g}" if bits[0] == bits[1] else f"{bits[0]:g} / {bits[1]:g}"
        switched = (f"{value / lanes:.0f}" for value in row["switched"].values())
        ratios = (f"{value:.1f}" for kind in row["sqnr_db"].values() for value in kind.values())
        return [row["format"], lanes, width, f"{row['transistors'] / lanes:.1f}", *switched, *ratios]

    lines = [
        f"Cores (flow `cmos`, flat); switching and SQNR of {PAIRS} dot products of {TERMS} terms, both operands of the "
        f"distribution (seed {SEED}); an element's bits include its share of scales:",
        "",
        *markdown.table(
            [
                *("format", "lanes", "bits, weight / activation", "transistors a MAC"),
                *("switching a MAC, Gaussian", "Laplacian", "random words"),
                *("SQNR in dB of weights, Gaussian", "Laplacian", "of dot products, Gaussian", "Laplacian"),
            ],
            [cells(row) for row in rows],
        ),
    ]
    for distribution in DISTRIBUTIONS:
        best = "; ".join(point.name for point in frontier(_points(rows, distribution)))
        lines += ["", f"Efficient frontier, {distribution} data, by area: {best}."]
    return "\n".join([*lines, "", *claim(rows)]) + "\n"


def claim(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return what the rows say to the paper's saving of W4A4 against INT8, as Markdown lines."""
    by_name = {(row["format"], row["lanes"]): row for row in rows}
    found = []
    for (name, lanes), row in by_name.items():
        whole = by_name.get(("INT8", lanes))
        if name != "VS-Quant 4/4" or whole is None:
            continue
        saved = 1 - row["transistors"] / whole["transistors"]
        energy = 1 - row["switched"][DISTRIBUTIONS[0]] / whole["switched"][DISTRIBUTIONS[0]]
        plain = 1 - by_name["INT4", lanes]["transistors"] / whole["transistors"]
        found.append([lanes, f"−{saved:.1%}", f"−{energy:.1%}", f"−{plain:.1%}", f"{PAPER_AREA / saved:.0%}"])
    head = [
        *("lanes", "area, VS-Quant 4/4", "switching, Gaussian", "area, INT4"),
        "share of MACs in an accelerator's area with which it saves what the paper says",
    ]
    return [
        f"The paper (arXiv 2102.04503): W4A4 takes {PAPER_AREA:.0%} less area and {PAPER_ENERGY:.0%} less energy "
        "than INT8. Here, cores with as many lanes:",
        "",
        *markdown.table(head, found, align="r"),
    ]


def _points(rows: Sequence[dict[str, Any]], distribution: str) -> list[Point]:
    lanes: dict[str, list[int]] = {}
    for row in rows:
        lanes.setdefault(row["format"], []).append(row["lanes"])

    def point(row: dict[str, Any]) -> Point:
        name, found = row["format"], lanes[row["format"]]
        several = len(found) > 1
        return Point(
            f"{name}, {row['lanes']}" if several else name,
            row["sqnr_db"]["products"][distribution],
            row["transistors"] / row["lanes"],
            f"{name}, {min(found)}…{max(found)}" if several else name,
        )

    return [point(row) for row in rows]


def plot(rows: Sequence[dict[str, Any]]) -> str:
    """Return area against SQNR of dot products as SVG, a plot for each distribution."""
    return render(
        [
            Scatter(
                f"{distribution} data",
                "SQNR of dot products, dB",
                "transistors a MAC",
                _points(rows, distribution),
            )
            for distribution in DISTRIBUTIONS
        ]
    )


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``formats.md``, ``formats.json`` and ``formats.svg``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows = collect(progress=progress)
    texts = {"md": table(rows), "json": json.dumps(rows, indent=1, allow_nan=False) + "\n", "svg": plot(rows)}
    return write_texts(directory, "formats", texts)
