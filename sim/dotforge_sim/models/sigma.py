"""SIGMA's evaluation (HPCA 2020, section VI): what its figures and averages come to by the formulas.

Sparse averages are over 10, 30 and 50 % sparsity of one operand and 80 % of the other, both ways, ten products each.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from statistics import fmean, geometric_mean
from typing import Any, Literal

from .counts import Counts
from .operands import of_gemm
from .paper import Sigma
from .sparse_accelerators import ACCELERATORS, cycles
from .systolic_array import SHAPES, SystolicArray
from .workloads import SPARSITIES, Gemm, paper_workloads

__all__ = [
    "ASPECTS", "FIG10", "averages", "dataflows", "fan_claims", "features", "over_sparse_accelerators", "sparse_pairs",
    "speedups_dense", "speedups_sparse",
]  # fmt: skip

Streaming = Literal["limited", "unlimited"]

#: The paper's area, power and overheads of arrays of 16,384 multipliers (Fig. 8, V).
AREA_MM2, POWER_W, AREA_OVERHEAD, POWER_RATIO = 65.10, 22.33, 0.377, 2.0

#: Rows and columns of Fig. 12's rectangles.
ASPECTS = SHAPES[:3]

#: Products and sparsities of Fig. 10 and 11: dense regular, dense irregular, sparse irregular both ways.
FIG10 = (
    ("2048-2048-2048 dense", Gemm("", 2048, 2048, 2048)),
    ("1024-16-500000 dense", Gemm("", 1024, 16, 500_000)),
    ("1024-16-500000 80/30 %", Gemm("", 1024, 16, 500_000, Fraction(2, 10), Fraction(7, 10))),
    ("1024-16-500000 30/80 %", Gemm("", 1024, 16, 500_000, Fraction(7, 10), Fraction(2, 10))),
)


def sparse_pairs() -> list[tuple[Fraction, Fraction]]:
    """Return the densities of A and B that sparse averages are over."""
    return [pair for a, b in SPARSITIES for pair in ((1 - a, 1 - b), (1 - b, 1 - a))]


def speedups_dense(streaming: Streaming = "unlimited") -> list[dict[str, Any]]:
    """Return Fig. 12a: speedup over the 128×128 array and overall efficiency, product by product."""
    rows = []
    for gemm in paper_workloads():
        product = of_gemm(gemm)
        base = SystolicArray(128, 128).count(product)
        made: dict[str, Counts] = {f"{r}×{c}": SystolicArray(r, c).count(product) for r, c in SHAPES}
        made["SIGMA"] = Sigma(streaming=streaming).count(product)
        rows.append(
            {"name": gemm.name, **{name: {"speedup": base.total / found.total, "efficiency": found.overall_efficiency}
                                   for name, found in made.items()}}
        )  # fmt: skip
    return rows


def speedups_sparse(streaming: Streaming = "unlimited") -> list[dict[str, Any]]:
    """Return Fig. 12b: SIGMA's speedup over the 128×128 array and both efficiencies, by product and densities."""
    rows = []
    for a, b in sparse_pairs():
        for gemm in paper_workloads(a, b):
            product = of_gemm(gemm)
            sigma, tpu = Sigma(streaming=streaming).count(product), SystolicArray(128, 128).count(product)
            rows.append(
                {"name": gemm.name, "sparsity": (float(1 - a), float(1 - b)), "speedup": tpu.total / sigma.total,
                 "efficiency": sigma.overall_efficiency, "tpu_efficiency": tpu.overall_efficiency}
            )  # fmt: skip
    return rows


@cache
def averages(streaming: Streaming = "unlimited") -> Mapping[str, float]:
    """Return the averages of section VI-C: geometric means of speedups, arithmetic ones of efficiencies."""
    dense, sparse = speedups_dense(streaming), speedups_sparse(streaming)
    best = [max(row[f"{r}×{c}"]["efficiency"] for r, c in SHAPES) for row in dense]
    speedup = geometric_mean([row["speedup"] for row in sparse])
    return {
        "dense_speedup": geometric_mean([row["SIGMA"]["speedup"] for row in dense]),
        "dense_speedup_arithmetic": fmean(row["SIGMA"]["speedup"] for row in dense),
        "dense_efficiency": fmean(row["SIGMA"]["efficiency"] for row in dense),
        "tpu_dense_efficiency": fmean(row["128×128"]["efficiency"] for row in dense),
        "tpu_best_shape_efficiency": fmean(best),
        "sparse_speedup": speedup,
        "sparse_efficiency": fmean(row["efficiency"] for row in sparse),
        "tpu_sparse_efficiency": fmean(row["tpu_efficiency"] for row in sparse),
        "tflops_per_watt": speedup / POWER_RATIO,
        "energy": speedup / POWER_RATIO,
        "performance_per_area": speedup / (1 + AREA_OVERHEAD),
        # The clock is in a picture; this is the one that the printed figures need.
        "clock_for_10.8_tflops": 10.8e12 / (2 * 16_384 * fmean(row["SIGMA"]["efficiency"] for row in dense)),
        "tpu_area_mm2": AREA_MM2 / (1 + AREA_OVERHEAD),
    }


def dataflows() -> list[dict[str, Any]]:
    """Return Fig. 10: A or B stationary, and neither, which streams each pair of values over 128 words a cycle."""
    rows = []
    for name, gemm in FIG10:
        product = of_gemm(gemm)
        for stationary in "ab":
            found = Sigma().count(product, stationary)
            rows.append(_row(name, f"{stationary} stationary", found))
        useful = float(product.useful_macs)
        streaming = max(useful / 16_384, 2 * useful / 128)
        rows.append(
            {"name": name, "dataflow": "none stationary", "loading": 0, "streaming": streaming, "add": 14,
             "total": streaming + 14, "utilisation": None, "compute": 1.0, "overall": useful / 16_384 / streaming}
        )  # fmt: skip
    return rows


def _row(name: str, dataflow: str, found: Counts) -> dict[str, Any]:
    return {"name": name, "dataflow": dataflow, "loading": found.loading, "streaming": found.streaming,
            "add": found.add, "total": found.total, "utilisation": found.stationary_utilisation,
            "compute": found.compute_efficiency, "overall": found.overall_efficiency}  # fmt: skip


def features() -> list[dict[str, Any]]:
    """Return Fig. 11: a systolic array, flexible dimensions, and with them a tree, and sparsity."""
    rows = []
    for name, gemm in FIG10:
        dense, product = of_gemm(Gemm("", gemm.m, gemm.n, gemm.k)), of_gemm(gemm)
        tpu = SystolicArray(128, 128).count(product)
        packed = Sigma().count(dense)
        # As many cycles to load and to add as a 128×128 array has, a fold.
        flexible = packed.loading + packed.streaming + packed.folds * 128
        useful = float(product.useful_macs) / 16_384
        rows.append(
            {"name": name, "TPU": tpu.total, "SIGMA_FI": flexible, "SIGMA_FI+Sc": packed.total,
             "SIGMA_FI+Sc+Sp": Sigma().count(product).total, "ideal": useful}
        )  # fmt: skip
    return rows


def over_sparse_accelerators(**changed: float) -> list[dict[str, Any]]:
    """Return Fig. 14: SIGMA's speedup over each, at 80 % and 30 % sparsity, each with its better assignment."""
    rows = []
    for gemm in paper_workloads():
        both = [
            of_gemm(Gemm(gemm.name, gemm.m, gemm.n, gemm.k, a, b))
            for a, b in ((Fraction(2, 10), Fraction(7, 10)), (Fraction(7, 10), Fraction(2, 10)))
        ]
        sigma = min(Sigma().count(product).total for product in both)
        rows.append(
            {"name": gemm.name, **{name: min(cycles(name, product, **changed) for product in both) / sigma
                                   for name in ACCELERATORS}}
        )  # fmt: skip
    return rows


def fan_claims(multipliers: int = 512, folds: int = 100, vectors: int = 1000) -> dict[str, float]:
    """Return Fig. 6b at 100 folds of 1000 vectors: FAN's speedup, and energy-delay products beside linear and ART.

    The paper's own overheads of power over linear are taken: FAN 31 %, ART 86 %.

    Parameters
    ----------
    multipliers : power of two
    folds : number of folds
    vectors : a fold
    """
    tree = folds * (vectors + multipliers.bit_length() - 1)
    linear = folds * (vectors + multipliers)
    speedup = linear / tree
    return {
        "speedup": speedup,
        "edp_below_linear": 1 - 1.31 / speedup**2,
        "edp_below_art": 1 - 1.31 / 1.86,
    }
