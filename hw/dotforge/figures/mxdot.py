"""What dot products of block formats cost, where their transistors go, and how well the formats represent numbers.

Area is the ``cmos`` flow on one flat netlist. The *core* takes a whole block a cycle: exact products, block sum,
scales, rounding to FP32, FP32 running sum and its register; the *engine* is all that ``dotforge generate`` writes:
streams, operand handshake, clear. SQNR is that of the golden quantisers on seeded random matrices.

``python -m dotforge.figures.all mxdot -o DIR`` writes the tables.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden.mx import ELEMENTS, bits_an_element, quantise
from dotforge_golden.quantise import sqnr

from ..arithmetic.mac import MultiplyAccumulate
from ..block import Block
from ..engines.mxdot.block_sum import ElementMac
from ..engines.mxdot.config import MXDotConfig
from ..engines.mxdot.datapath import BlockMac
from ..engines.mxdot.product import ElementLane, ElementProduct
from ..export.design import from_parameters
from ..export.verilog import convert
from ..pictures import markdown
from .measured import by_part, cost, engine_table, write_texts
from .quantisers import SEED, SHAPE, matrices

__all__ = [
    "CHOICES",
    "LANES",
    "ROUNDINGS",
    "block_mac",
    "choices",
    "collect",
    "exact_macs",
    "lanes",
    "ratios",
    "representation",
    "table",
    "write",
]

Progress = Callable[[str], None]

#: Lanes of the exact FP4 MAC.
LANES = (1, 16, 64)

ROUNDINGS = ("floor", "ceil", "even")

#: Lines of the breakdown: the modules that each holds; all others are the FP32 adder's.
PARTS = {
    "products": ("element_product",),
    "block sum": ("block_sum",),
    "scales, rounding to FP32": ("scaled_block", "power_scale", "small_float_scale", "fixed_to_float"),
    "FP32 running sum": ("", "float_adder"),
}

#: Engines that differ from the default one in a parameter or two.
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"pipeline": 1},
    {"pipeline": 2},
    {"pipeline": 3},
    {"lanes": 1},
    {"lanes": 4},
    {"lanes": 32},
    {"activation_format": "mxfp8_e4m3"},
    {"activation_format": "mxint8"},
)


#: Formats whose netlists are too large to flatten in a minute: their figures are the sum over modules.
LARGE = ("mxfp8_e5m2",)


def both(format: str) -> dict[str, Any]:
    """Return the parameters of an engine with one format for weights and activations, a block a cycle."""
    return {"weight_format": format, "activation_format": format, "lanes": ELEMENTS[format].block}


def block_mac(format: str) -> Block:
    """Return the bare MAC of a format, as many lanes as a block has elements."""
    return BlockMac(MXDotConfig(**both(format)))


def _transistors(block: Block) -> int:
    design = convert(block)
    return cost(design.verilog, design.top)["transistors"]


def lanes(formats: Sequence[str] = tuple(ELEMENTS)) -> list[dict[str, Any]]:
    """Measure the product of two elements of each format.

    Returns
    -------
    Rows of ``format``, ``bits`` of the product, ``product`` (magnitude, complemented where negative, and sign, as the
    heap takes it) and ``lane`` (a signed number; ``None`` for formats with NaN).
    """
    rows = []
    for format in formats:
        product = ElementProduct(a=format, b=format)
        number = "nan" not in product.signature.members
        lane = _transistors(ElementLane(a=format, b=format)) if number else None
        rows.append({"format": format, "bits": product.width, "product": _transistors(product), "lane": lane})
    return rows


def exact_macs(counts: Sequence[int] = LANES) -> list[dict[str, Any]]:
    """Measure exact FP4 in fixed point, without scales, beside INT4: rows of ``unit``, ``lanes``, ``core``."""
    rows = []
    for count in counts:
        units = {
            "INT4": MultiplyAccumulate(lanes=count, a_bits=4, b_bits=4, sum_bits=16),
            "FP4 (E2M1), exact": ElementMac(lanes=count, weight="mxfp4", activation="mxfp4", sum_bits=16),
        }
        rows += [{"unit": name, "lanes": count, "core": _transistors(block)} for name, block in units.items()]
    return rows


def collect(
    formats: Sequence[str] = tuple(ELEMENTS), progress: Progress = lambda line: None
) -> list[dict[str, Any]]:
    """Measure a block a cycle in each format: ``format``, ``lanes``, ``core``, its ``parts``, ``engine``.

    Parameters
    ----------
    formats : names of the formats
    progress : takes a line for each thing that is measured
    """
    rows = []
    for format in formats:
        progress(f"{format}, a block a cycle")
        design = convert(block_mac(format))
        large = format in LARGE
        core = cost(design.verilog, design.top, summed=large)
        engine = from_parameters("mxdot", both(format))
        rows.append(
            {
                "format": format,
                "lanes": ELEMENTS[format].block,
                "core": core["transistors"],
                "parts": by_part(design.verilog, design.top, PARTS),
                "engine": cost(engine.verilog, engine.top, summed=large)["transistors"],
            }
        )
    return rows


def choices(progress: Progress = lambda line: None) -> list[dict[str, Any]]:
    """Measure whole engines that differ from the default one: ``choice``, ``lanes``, transistors, registers."""
    rows = []
    for parameters in CHOICES:
        name = ", ".join(f"{key}={value}" for key, value in parameters.items()) or "default"
        progress(f"engine, {name}")
        engine = from_parameters("mxdot", parameters)
        found = cost(engine.verilog, engine.top)
        rows.append({"choice": name, "lanes": engine.manifest["parameters"]["lanes"], **found})
    return rows


def ratios(format: str, rounding: str, drawn: dict[str, np.ndarray]) -> dict[str, float]:
    """Return SQNR in decibels of matrices in a format, by their names.

    Parameters
    ----------
    format : name of the format
    rounding : of shared scales
    drawn : matrices by name
    """
    return {
        name: sqnr(matrix, quantise(matrix, format=format, scale_rounding=rounding).values())
        for name, matrix in drawn.items()
    }


def representation(
    formats: Sequence[str] = tuple(ELEMENTS), shape: tuple[int, int] = SHAPE
) -> list[dict[str, Any]]:
    """Return a row for each format and rounding of shared scales: bits an element, SQNR of each distribution.

    Parameters
    ----------
    formats : names of the formats
    shape : of the matrices
    """
    drawn = matrices(shape)
    return [
        {
            "format": format,
            "rounding": rounding,
            "bits": bits_an_element(format),
            "sqnr_db": ratios(format, rounding, drawn),
        }
        for format in formats
        for rounding in ROUNDINGS
    ]


def table(content: dict[str, list[dict[str, Any]]]) -> str:
    """Return all as Markdown tables."""
    names = list(content["formats"][0]["sqnr_db"])
    lines = [
        "Product of two elements, transistors (flow `cmos`, flat):",
        "",
        *markdown.table(
            ["format", "bits of the product", "sign and magnitude, as the heap takes them", "signed number"],
            [
                [
                    row["format"],
                    row["bits"],
                    f"{row['product']:,}",
                    f"{row['lane']:,}" if row["lane"] else None,
                ]
                for row in content["lanes"]
            ],
        ),
        "",
        "Exact products into a 16-bit fixed-point sum, no scales, transistors a MAC:",
        "",
        *markdown.table(
            ["unit", "lanes", "core"],
            [[row["unit"], row["lanes"], f"{row['core'] / row['lanes']:.1f}"] for row in content["exact"]],
        ),
        "",
        "A block a cycle, scales and FP32 running sum included, transistors a MAC; the parts are synthesized on their "
        f"own (hierarchy `sum`), and so is all of {', '.join(LARGE)}:",
        "",
        *markdown.table(
            ["format", "lanes = block", "core", *PARTS, "whole engine"],
            [
                [
                    row["format"],
                    row["lanes"],
                    *(
                        f"{count / row['lanes']:.1f}"
                        for count in (row["core"], *row["parts"].values(), row["engine"])
                    ),
                ]
                for row in content["blocks"]
            ],
        ),
        "",
        "Whole engines, MXFP4, 16 lanes, but for what is said:",
        "",
        *engine_table(content["engines"]),
        "",
        f"SQNR in dB of matrices of {SHAPE[0]} × {SHAPE[1]} (seed {SEED}) by the rounding of shared scales:",
        "",
        *markdown.table(
            ["format", "bits an element", "scales", *names],
            [
                [
                    row["format"],
                    f"{row['bits']:g}",
                    row["rounding"],
                    *(f"{row['sqnr_db'][name]:.2f}" for name in names),
                ]
                for row in content["formats"]
            ],
            align="lrlr",
        ),
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, progress: Progress = lambda line: None) -> list[Path]:
    """Write ``mxdot.md`` and ``mxdot.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    progress("lanes")
    content = {"lanes": lanes(), "exact": exact_macs(), "blocks": collect(progress=progress)}
    content |= {"engines": choices(progress), "formats": representation()}
    texts = {"md": table(content), "json": json.dumps(content, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "mxdot", texts)
