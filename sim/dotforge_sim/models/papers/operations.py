"""002_68007908e262570b (B. Dally, Hot Chips 2023) and 003_dc60a7cc65494b62 (accelerator architecture, 2024)."""

from collections.abc import Callable
from functools import cache
from statistics import geometric_mean

from ..parameter_file import load
from ..roofline import devices
from .entry import Printed

__all__ = ["ARCHITECTURE", "HOT_CHIPS"]


def _of(name: str) -> float:
    return load("operations")[name].value


def _overhead(instruction: str) -> Callable[[], float]:
    """Thirty picojoules over what the instruction's arithmetic takes."""
    return lambda: 100 * _of("instruction_overhead") / _of(f"instruction_{instruction}")


@cache
def _geometric_mean() -> float:
    names = ("add_int8", "add_int32", "add_fp16", "add_fp32", "multiply_int8", "multiply_int32", "multiply_fp16",
             "multiply_fp32", "sram_8kb", "sram_32kb", "sram_1mb", "dram_ddr")  # fmt: skip
    return geometric_mean([_of(f"{name}_45nm") / _of(f"{name}_7nm") for name in names])


def _ratio(name: str) -> Callable[[], float]:
    return lambda: _of(f"{name}_45nm") / _of(f"{name}_7nm")


def _l43() -> float:
    """Half a step of 2^(1/8), the worst that a log number of three fraction bits is off by."""
    return 100 * (2 ** (1 / 16) - 1)


_G, _S, _T, _H, _V = "gains", "instructions", "cost of operations", "Hopper", "test chip"

HOT_CHIPS = [
    Printed(_S, "overhead of HFMA", 2000, "%", _overhead("hfma"), "30 pJ / 1.5 pJ"),
    Printed(_S, "overhead of HDP4A", 500, "%", _overhead("hdp4a"), "30 pJ / 6 pJ"),
    Printed(_S, "overhead of HMMA", 22, "%", _overhead("hmma"), "30 pJ / 110 pJ = 27 %; 22 % needs 24 pJ"),
    Printed(_S, "overhead of IMMA", 16, "%", _overhead("imma"), "30 pJ / 160 pJ = 19 %; 16 % needs 26 pJ"),
    Printed(
        _S,
        "energy of HFMA",
        1.5,
        "pJ",
        lambda: _of("multiply_fp16_45nm") + _of("add_fp16_45nm"),
        "FP16 multiply and add of the table",
    ),
    Printed(
        _S,
        "energy of HDP4A",
        6,
        "pJ",
        lambda: 4 * (_of("multiply_int8_45nm") + _of("add_int32_45nm")),
        "four INT8 products and 32-bit adds of the table: 1.2 pJ; four FP16 multiply-adds are 6.0",
    ),
    Printed(
        _S,
        "energy of HMMA",
        110,
        "pJ",
        lambda: 64 * (_of("multiply_fp16_45nm") + _of("add_fp32_45nm")),
        "64 FP16 products with FP32 adds of the table",
    ),
    Printed(
        _S,
        "energy of IMMA",
        160,
        "pJ",
        lambda: 512 * (_of("multiply_int8_45nm") + _of("add_int32_45nm")),
        "512 INT8 products with 32-bit adds of the table",
    ),
    Printed(
        _G,
        "number representation",
        16,
        "×",
        lambda: _of("multiply_fp32_45nm") / _of("multiply_int8_45nm"),
        "FP32 to INT8 products of the table",
    ),
    Printed(
        _G,
        "complex instructions",
        12.5,
        "×",
        lambda: (
            (1 + _of("instruction_overhead") / _of("instruction_hfma"))
            / (1 + _of("instruction_overhead") / _of("instruction_imma"))
        ),
        "(1 + overhead) of HFMA over that of IMMA",
    ),
    Printed(
        _G, "process", 2.5, "×", _geometric_mean, "geometric mean of the table's 45 nm to 7 nm", within=0.06
    ),
    Printed(_G, "sparsity", 2, "×", lambda: 4 / 2, "2:4 makes half of the products"),
    Printed(_G, "all together", 1000, "×", lambda: 16 * 12.5 * 2.5 * 2, "16 · 12.5 · 2.5 · 2"),
    Printed(
        "overhead",
        "of a CPU instruction",
        99.99,
        "%",
        lambda: 100 * (1 - _of("cpu_add") / _of("cpu_instruction")),
        "1 - 32 fJ / 250 pJ",
    ),
    Printed(
        "overhead",
        "efficiency of simple operations",
        10_000,
        "×",
        lambda: _of("cpu_instruction") / _of("cpu_add"),
        "250 pJ / 32 fJ",
    ),
    Printed("log numbers", "worst accuracy of L4.3", 4, "%", _l43, "half a step of 2^(1/8): 2^(1/16) - 1"),
    Printed(
        "log numbers", "dynamic range of L4.3", 1e5, "", lambda: 2.0 ** (15 + 7 / 8) / 1, "2^15.875 over 2^0"
    ),
    Printed("log numbers", "worst accuracy of INT8", 33, "%", lambda: 100 / 3, "half a step around 1.5: 1/3"),
    Printed("log numbers", "dynamic range of INT8", 1e2, "", lambda: 127, "127 over 1"),
    Printed(
        _H,
        "efficiency of H100",
        9,
        "TOPS/W",
        lambda: 4000 / 700,
        "4 PFLOPS of sparse FP8 / 700 W; 9 needs 444 W, which is not printed",
    ),
    Printed(_H, "links of H100", 900, "GB/s", lambda: 18 * 400 / 8, "18 ports of 400 Gb/s"),
    Printed(_H, "servers: 8 H100", 32, "PFLOPS", lambda: 8 * 4, "8 · 4 PFLOPS, sparse FP8"),
    Printed(
        _H, "NVLink of a server", 3.6, "TB/s", lambda: 8 * 900e-3 / 2, "8 · 900 GB/s, both ways, bisected"
    ),
    Printed(_H, "NVLinks of a server", 72, "", lambda: 3.6e12 / 50e9, "3.6 TB/s of links of 50 GB/s"),
    Printed(_H, "memory of a server", 640, "GB", lambda: 8 * 80, "8 · 80 GB"),
    Printed(_H, "switch bandwidth", 6.4, "TB/s", lambda: 128 * 50e-3, "128 ports of 50 GB/s"),
    Printed(_H, "GPUs to hold GPT-4", 20, "", None, "its parameters are not published"),
    Printed(_H, "speedup in 2.5 years", 6.7, "×", None, "MLPerf measurements"),
    Printed(_V, "efficiency", 95.6, "TOPS/W", None, "measured in 5 nm; 20.9 fJ a MAC with two operations"),
    Printed(_V, "8-bit MACs a cycle", 512, "", lambda: 1024 / 2, "half of the 4-bit ones"),
    Printed(_V, "energy overhead of VSQ", 0.8, "%", None, "measured; our scale logic is in docs/vsquant.md"),
    Printed(
        _T, "32-bit SRAM read", 5, "pJ", lambda: _of("sram_8kb_45nm") / 2, "half of a 64-bit read of 8 KB"
    ),
    Printed(_T, "area of a 32-bit add", 137, "µm²", None, "TSMC's 45 nm library is not ours to read"),
    Printed(_T, "area of an 8-bit product", 282, "µm²", None, "the same"),
    Printed(_T, "32-bit DRAM read", 640, "pJ", lambda: _of("dram_ddr_45nm") / 2, "half of a 64-bit access"),
]

_A = "sanity check"
_RATIOS = {
    "INT8 add": ("add_int8", 4.3), "INT32 add": ("add_int32", 3.3), "FP16 add": ("add_fp16", 2.5),
    "FP32 add": ("add_fp32", 2.4), "INT8 product": ("multiply_int8", 2.9), "INT32 product": ("multiply_int32", 2.1),
    "FP16 product": ("multiply_fp16", 3.2), "FP32 product": ("multiply_fp32", 2.8), "SRAM 8 KB": ("sram_8kb", 1.3),
    "SRAM 32 KB": ("sram_32kb", 2.4), "SRAM 1 MB": ("sram_1mb", 7.1), "DDR": ("dram_ddr", 1.0),
}  # fmt: skip

ARCHITECTURE = [
    Printed("introduction", "ridge of an H100", 295, "FLOP/byte", lambda: devices()["h100"].ridge("fp16"),
            "989 TFLOPS / 3.35 TB/s"),
    Printed(_A, "memory power of an A100", 74.7, "W", lambda: 2.39e12 * 8 / 64 * 250e-12,
            "2.39 TB/s · 250 pJ / 64 bit"),
    Printed(_A, "arithmetic power of an A100", 78, "W", lambda: 312e12 * (0.34e-12 + 0.16e-12) / 2,
            "312 TFLOPS · (0.34 + 0.16 pJ) / 2"),
    Printed(_A, "bandwidth of an A100", 2.39, "TB/s", lambda: devices()["a100"].bandwidth * 1e-12,
            "NVIDIA's datasheet has 2.039"),
    Printed("table", "geometric mean of 45 / 7 nm", 2.6, "×", _geometric_mean, "of its rows, DDR among them"),
    *(Printed("table", f"45 / 7 nm, {what}", value, "×", _ratio(name), "ratio of the columns")
      for what, (name, value) in _RATIOS.items()),
    Printed("introduction", "H100 utilization in a product", 70, "%", None, "measured"),
    Printed("introduction", "utilization of training runs", 40, "%", None, "measured (Llama 3)"),
    Printed("hardware design", "instruction overhead", 20, "%", _overhead("imma"), "30 pJ / 160 pJ of 002",
            within=0.07),
    Printed("SRAM machines", "SRAM of a full die", 2, "GB", lambda: 858e6 / 0.021 / 8 / 1e9,
            "858 mm², the reticle, of bare cells of 0.021 µm²; without periphery and redundancy"),
    Printed("SRAM machines", "SRAM of an accelerator", 1, "GB",
            lambda: max(each.capacity or 0 for name, each in devices().items() if name in ("ipu-mk2",
            "groq-lpu")) / 1e9,
            "of Groq and Graphcore", bound="<"),
    Printed("SRAM machines", "SRAM of a Cerebras wafer", 44, "GB",
            lambda: (devices()["cerebras-wse3"].capacity or 0) / 1e9,
            "its datasheet"),
]  # fmt: skip
