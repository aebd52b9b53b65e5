"""How well vector scaling and clipping represent numbers, and what rounding scale products takes away.

All from the golden quantisers on seeded random matrices: no hardware is built. SQNR is Σ x² over Σ (x' − x)², in
decibels.

``python -m dotforge.figures.all quantisers -o DIR`` writes the tables.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden.clipping import GAUSSIAN, LAPLACIAN, error, optimum
from dotforge_golden.quantise import bits_an_element, clip_and_round, quantise, sqnr, thresholds
from dotforge_golden.vsquant import dot

from ..pictures import markdown
from .measured import write_texts

__all__ = ["SHAPE", "clipping", "matrices", "representation", "scale_products", "table", "write"]

#: Rows and columns of the matrices; vectors lie along the columns.
SHAPE = (256, 1024)
SEED = 1

#: bits of element and scale, vector; a vector of 0 is one floating-point scale for the matrix.
FORMATS = (
    (4, 0, 0),
    *((4, 4, vector) for vector in (16, 32, 64)),
    (4, 8, 16),
    (8, 0, 0),
    *((8, 8, vector) for vector in (16, 32, 64)),
)


def matrices(shape: tuple[int, int] = SHAPE) -> dict[str, np.ndarray]:
    """Return a matrix of each distribution, of any variance: quantisers scale."""
    rng = np.random.default_rng(SEED)
    return {
        "Gaussian": rng.normal(size=shape),
        "Laplacian": rng.laplace(size=shape),
        "Student t, 3 degrees": rng.standard_t(3, size=shape),
    }


def representation(shape: tuple[int, int] = SHAPE) -> list[dict[str, Any]]:
    """Return a row for each format and way to clip: bits an element, and SQNR of each distribution."""
    drawn = matrices(shape)
    rows = []
    for bits, scale_bits, vector in FORMATS:
        for way, unit in (("max", "max"), ("optimum", "max"), ("optimum", "least_error"))[
            : 3 if vector else 2
        ]:
            ratios = {}
            for name, matrix in drawn.items():
                if vector:
                    found = quantise(
                        matrix, bits=bits, scale_bits=scale_bits, vector=vector, clipping=way, unit=unit
                    ).values()
                else:
                    threshold = thresholds(matrix.ravel(), clipping=way, bits=bits)
                    found = clip_and_round(matrix.ravel(), threshold, bits).reshape(matrix.shape)
                ratios[name] = sqnr(matrix, found)
            name = f"INT{bits}, V = {vector}, {scale_bits}-bit scales" if vector else f"INT{bits}, one scale"
            stored = bits_an_element(bits, scale_bits, vector) if vector else float(bits)
            rows.append(
                {
                    "format": name,
                    "clipping": way if unit == "max" else "optimum, and the unit of least error",
                    "bits": stored,
                    "sqnr_db": ratios,
                }
            )
    return rows


def clipping() -> list[dict[str, Any]]:
    """Return a row for each density and B: the minimiser of J, and the slide's recursion beside it."""
    rows = []
    for name, density in (("Gaussian, σ = 1", GAUSSIAN), ("Laplacian, E|X| = 1", LAPLACIAN)):
        for bits in range(2, 9):
            best, slide = optimum(density, bits), optimum(density, bits, boundary=False)
            least, found = (error(density.moments(s), s, bits) for s in (best, slide))
            rows.append(
                {
                    "density": name,
                    "bits": bits,
                    "minimiser": best,
                    "slide": slide,
                    "excess": found / least - 1,
                }
            )
    return rows


def scale_products(size: int = 512, outputs: int = 48) -> list[dict[str, Any]]:
    """Return SQNR of products of Gaussian matrices, 4-bit elements and scales, V = 16, by scale product bits.

    Parameters
    ----------
    size : terms of a dot product
    outputs : rows of each matrix
    """
    rng = np.random.default_rng(SEED)
    a, b = rng.normal(size=(outputs, size)), rng.normal(size=(outputs, size))
    shared: dict[str, Any] = {"bits": 4, "scale_bits": 4, "vector": 16}
    one, other = quantise(a, **shared), quantise(b, **shared, per_row=True)
    rows = []
    for kept in (8, 7, 6, 5, 4, 3):
        sums = dot(
            one.elements[:, None], other.elements, one.scales[:, None], other.scales, vector=16,
            dropped=8 - kept, rounding="half_up", sum_bits=40,
        ).sums  # fmt: skip
        product = sums * 2.0 ** (8 - kept) * one.units[:, None] * other.units
        rows.append({"kept": kept, "sqnr_db": sqnr(a @ b.T, product)})
    return rows


def table(
    formats: Sequence[dict[str, Any]], densities: Sequence[dict[str, Any]], products: Sequence[dict[str, Any]]
) -> str:
    """Return all three as Markdown tables.

    Parameters
    ----------
    formats : rows of :func:`representation`
    densities : rows of :func:`clipping`
    products : rows of :func:`scale_products`
    """
    names = list(formats[0]["sqnr_db"])
    lines = [
        f"SQNR in dB of matrices of {SHAPE[0]} × {SHAPE[1]} (seed {SEED}), symmetric elements:",
        "",
        *markdown.table(
            ["format", "bits an element", "clipping", *names],
            [
                [
                    row["format"],
                    f"{row['bits']:g}",
                    row["clipping"],
                    *(f"{row['sqnr_db'][name]:.1f}" for name in names),
                ]
                for row in formats
            ],
            align="lrlr",
        ),
        "",
        "Product of Gaussian matrices, 4-bit elements and scales, V = 16, by the bits of the rounded scale product:",
        "",
        *markdown.table(
            ["bits", *(row["kept"] for row in products)],
            [["SQNR, dB", *(f"{row['sqnr_db']:.2f}" for row in products)]],
        ),
        "",
        "Optimum thresholds:",
        "",
        *markdown.table(
            ["density", "B", "minimiser of J", "the slide's recursion", "J there, over the least"],
            [
                [
                    row["density"],
                    row["bits"],
                    f"{row['minimiser']:.6f}",
                    f"{row['slide']:.6f}",
                    f"{row['excess']:+.4%}",
                ]
                for row in densities
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``quantisers.md`` and ``quantisers.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    progress("formats")
    formats, densities = representation(), clipping()
    progress("scale products")
    products = scale_products()
    content = {"formats": formats, "clipping": densities, "scale_products": products}
    texts = {
        "md": table(formats, densities, products),
        "json": json.dumps(content, indent=1, allow_nan=False) + "\n",
    }
    return write_texts(directory, "quantisers", texts)
