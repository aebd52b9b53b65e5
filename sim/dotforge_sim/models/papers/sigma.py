"""004_cc286613ada5888f: E. Qin et al., SIGMA, HPCA 2020."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from statistics import fmean, geometric_mean

from .. import metadata, sigma
from ..operands import of_gemm
from ..systolic_array import SystolicArray
from ..workloads import Gemm
from .entry import Printed

__all__ = ["ENTRIES"]


def _average(name: str, scale: float = 1.0) -> Callable[[], float]:
    return lambda: sigma.averages()[name] * scale


@cache
def _others() -> float:
    rows = sigma.over_sparse_accelerators()
    return fmean(value for row in rows for name, value in row.items() if name != "name")


@cache
def _others_geometric() -> float:
    rows = sigma.over_sparse_accelerators()
    return geometric_mean([value for row in rows for name, value in row.items() if name != "name"])


def _narrow() -> float:
    """The array's use with a 500000-16 operand stationary."""
    found = SystolicArray(128, 128).count(of_gemm(Gemm("", 1024, 16, 500_000)), "b")
    return 100 * (found.stationary_utilisation or 0)


def _metadata(name: str, sparsity: float) -> float:
    found = metadata.of_density(1632, 36548, 1 - sparsity)
    return metadata.FORMATS[name](found)[1] / metadata.FORMATS["bitmap"](found)[1]


@cache
def _crossing(name: str) -> float:
    found = metadata.crossover(name, 1632, 36548)
    return 100 * found[0] if found else 100.0


def _fan(name: str, scale: float = 100) -> Callable[[], float]:
    return lambda: sigma.fan_claims()[name] * scale


def _sparse_best() -> float:
    """Highest average over the products that one pair of sparsities gives."""
    rows = sigma.speedups_sparse()
    pairs = {row["sparsity"] for row in rows}
    return max(geometric_mean([row["speedup"] for row in rows if row["sparsity"] == pair]) for pair in pairs)


def _resnet_mac() -> float:
    found = sigma.Sigma().count(of_gemm(Gemm("", 2048, 1, 128)))
    return 100 * (found.overall_efficiency or 0)


_ABS, _I, _IV, _V, _VI = "abstract", "I-III", "IV", "V", "VI"

ENTRIES = [
    Printed(_ABS, "speedup over systolic arrays, sparse", 5.7, "×", _average("sparse_speedup"),
            "geometric mean of 60 products, unlimited streaming; limited: 3.44"),
    Printed(_ABS, "speedup over sparse accelerators", 3, "×", _others_geometric,
            "first-order models of the limitation in Table III, geometric mean"),
    Printed(_VI, "the same, 'on average 3X'", 3, "×", _others, "arithmetic mean of ten products and six machines"),
    Printed(_ABS, "TFLOPS at arbitrary sparsity", 10.8, "TFLOPS", lambda: 2 * 16384 * 0.5e9 / 1e12
            * sigma.averages()["dense_efficiency"],
            "16,384 multipliers at 500 MHz · our dense efficiency; the clock is not printed, 410 MHz gives 10.8"),
    Printed(_ABS, "area", 65.10, "mm²", None,
            "of a 28 nm layout; our netlists are counted in transistors and at 45 nm"),
    Printed(_ABS, "power", 22.33, "W", None, "of a 28 nm layout"),
    Printed(_V, "area over a systolic array", 37.7, "%", lambda: 100 * (65.10 / sigma.averages()["tpu_area_mm2"] - 1),
            "inverse of the array's area, which only a picture shows; ours is in docs/systolic.md"),
    Printed(_V, "effective TFLOPS/W over TPU", 3.2, "×", _average("tflops_per_watt"),
            "sparse speedup / 2, the ratio of power"),
    Printed(_VI, "energy over TPU, sparse", 3, "×", _average("energy"), "sparse speedup / 2", within=0.07),
    Printed(_VI, "performance per area over TPU, sparse", 5, "×", _average("performance_per_area"),
            "sparse speedup / 1.377", within=0.08),
    Printed(_V, "power-performance from 28 nm to 12 nm", 7, "×", lambda: 2 * 3.5, "compute 2×, power 3.5×"),
    Printed(_V, "area of the global controller", 1.4, "mm²", None,
            "1024 AND, OR, counters and 128 tables: widths are not "
            "printed; ours routes in each Flex-DPE (docs/flexdpe.md)"),
    Printed(_V, "multipliers", 16384, "", lambda: 128 * 128, "128 Flex-DPEs of 128"),
    Printed(_VI, "dense speedup over TPU", 2, "×", _average("dense_speedup"),
            "geometric mean of ten products; arithmetic "
            "2.49", within=0.07),
    Printed(_VI, "dense efficiency of SIGMA", 82, "%", _average("dense_efficiency", 100), "mean of ten products"),
    Printed(_VI, "dense efficiency of TPU", 59, "%", _average("tpu_dense_efficiency", 100),
            "128×128, mean; with the best of five shapes for each product 65.9"),
    Printed(_VI, "sparse speedup over TPU", 6, "×", _average("sparse_speedup"), "geometric mean of 60 products",
            within=0.06),
    Printed(_VI, "sparse efficiency of SIGMA", 40, "%", _average("sparse_efficiency", 100), "mean of 60 products",
            within=0.06),
    Printed(_VI, "sparse efficiency of TPU", 10, "%", _average("tpu_sparse_efficiency", 100), "mean of 60 products",
            bound="<"),
    Printed(_VI, "TPU with a side of 16", 12.5, "%", _narrow, "16 of 128 columns", within=0.001),
    Printed(_VI, "decrease in utilization", 87.5, "%", lambda: 100 - _narrow(), "one less that", within=0.001),
    Printed(_VI, "stationary utilization with sparsity", 100, "%", lambda: 100 * (sigma.Sigma().count(of_gemm(
        Gemm("", 1024, 16, 500_000, Fraction(2, 10), Fraction(7, 10))), "a").stationary_utilisation or 0),
            "A stationary"),
    Printed(_VI, "efficiency of 2048-1-128", 100, "%", _resnet_mac,
            "'close to 100 % except for small GEMMs such as' it",
            bound="<"),
    Printed(_I, "array used with irregular GEMMs", 50, "%", _average("tpu_dense_efficiency", 100),
            "'common to have less than': our average", bound="<"),
    Printed(_I, "GEMMs' share of training time", 70, "%", None, "measured on a V100"),
    Printed(_I, "V100 with dense regular GEMMs", 76, "%", None, "measured on a V100"),
    Printed(_I, "loss by unstructured sparsity on GPUs", 4, "×", None, "measured with cuSPARSE"),
    Printed(_I, "parameters of sparse GNMT", 22, "M", lambda: 210 * 0.1, "210 M at 90 % sparsity", within=0.05),
    Printed(_I, "growth of training compute", 300_000, "×", None, "OpenAI's study"),
    Printed(_IV, "FAN over linear, area at 512", 10, "%", None,
            "a 28 nm layout; ours, in transistors, in docs/reduction.md"),
    Printed(_IV, "FAN over linear, power at 512", 31, "%", None, "a 28 nm layout"),
    Printed(_IV, "ART over linear, area at 512", 92, "%", None, "a 28 nm layout; ours in docs/reduction.md"),
    Printed(_IV, "ART over linear, power at 512", 86, "%", None, "a 28 nm layout"),
    Printed(_IV, "FAN's EDP under linear", 45, "%", _fan("edp_below_linear"), "1 - 1.31 / (1512 / 1009)²",
            within=0.08),
    Printed(_IV, "FAN's EDP under ART", 34, "%", _fan("edp_below_art"), "1 - 1.31 / 1.86, as fast"),
    Printed(_IV, "cycles of a tree of 512", 9, "cycles", lambda: (512).bit_length() - 1, "log2 512"),
    Printed(_IV, "Flex-DPEs of the walk-through", 2, "", lambda: -(-8 // 4), "ceil(8 useful values / 4 multipliers)"),
    Printed(_IV, "fill of the walk-through's first Flex-DPE", 1, "cycle", lambda: 4 / 4,
            "four values over a bus of four"),
    Printed("Fig. 7", "RLC is smaller than a bitmap from", 70, "% sparsity", lambda: _crossing("rlc-4"),
            "metadata of RLC-4; RLC-2 from 54 %", within=0.1),
    Printed("Fig. 7", "RLC is larger than a bitmap below", 30, "% sparsity", lambda: _crossing("rlc-2"),
            "RLC-2 crosses at 54 %, where both are 'comparable'"),
    Printed("Fig. 7", "COO to bitmap at 10 %", 1, "×", lambda: _metadata("coo", 0.1),
            "'at low sparsity Bitmap lower'",
            bound=">"),
    Printed("Fig. 7", "CSR to bitmap at 10 %", 1, "×", lambda: _metadata("csr", 0.1), "the same", bound=">"),
    Printed("Fig. 7", "CSC to bitmap at 10 %", 1, "×", lambda: _metadata("csc", 0.1), "the same", bound=">"),
    Printed("Fig. 7", "RLC-4 to bitmap at 90 %", 1, "×", lambda: _metadata("rlc-4", 0.9), "'RLC better above 70 %'",
            bound="<"),
    Printed("Fig. 7", "RLC-4 to bitmap at 10 %", 1, "×", lambda: _metadata("rlc-4", 0.1), "'RLC worse below 30 %'",
            bound=">"),
    Printed("Fig. 9", "Flex-DPE of least energy", 128, "multipliers", None, "needs the layouts' power by size"),
    Printed("Fig. 9", "Flex-DPE of best performance per area", 512, "multipliers", None,
            "needs the layouts' area by size; "
            "our networks grow faster than N (docs/distribution.md)"),
    Printed("Fig. 12", "best pair of sparsities, speedup", 6, "×", _sparse_best,
            "'roughly 6×': the best pair's average",
            bound=">"),
]  # fmt: skip
