"""000_a2f672f26786c037: B. Dally, hardware for deep learning (circuits, 2018)."""

from collections.abc import Callable
from functools import cache
from math import log10

from ..arithmetic_chain import chain
from ..parameter_file import load
from .entry import Printed

__all__ = ["ENTRIES"]

_chain = cache(chain)


def _of(name: str, scale: float = 1.0) -> Callable[[], float]:
    return lambda: _chain()[name] * scale


def _input(name: str, scale: float = 1.0) -> Callable[[], float]:
    return lambda: load("arithmetic_chain")[name].value * scale


_C, _N, _M, _I, _E = "core operations", "on-chip", "on-module", "inter-module", "conclusion"

ENTRIES = [
    Printed(_C, "weights of the layer", 440, "kbit", _of("weight_bits", 1e-3), "b·r·s·c·k = 442,368 bits"),
    Printed(
        _C, "activations of the layer", 33, "Mbit", _of("activation_bits", 1e-6), "a·h·w·(c + k) = 33.2 Mbit"
    ),
    Printed(_C, "uses of a weight", 32, "k", _of("weight_reuse", 1e-3), "h·w"),
    Printed(_C, "uses of an activation", 1.2, "k", _of("activation_reuse", 1e-3), "r·s·k", within=0.05),
    Printed(_C, "operations of the layer", 4.8, "G", _of("layer_operations", 1e-9), "h·w·c·k·r·s = 4.78 G"),
    Printed(_C, "energy of the layer", 48, "µJ", _of("layer_energy", 1e6), "operations · 10 fJ"),
    Printed(_C, "operations of the network", 96, "G", _of("network_operations", 1e-9), "20 layers"),
    Printed(_C, "energy of the network", 1, "mJ", _of("network_energy", 1e3), "20 layers", within=0.05),
    Printed(
        _C, "power of the network", 30, "mW", _of("network_power", 1e3), "30 frames a second", within=0.05
    ),
    Printed(
        _C,
        "energy of a shift-add",
        10,
        "fJ",
        None,
        "measured at 16 nm and 0.6 V; ours is of 45 nm cells (`dotforge energy logmac`), so an input here",
    ),
    Printed(
        _C,
        "dynamic range of training",
        200,
        "dB",
        lambda: 20 * log10(65504 * 2**24),
        "FP16 with subnormals",
        bound=">",
    ),
    Printed(_N, "a matrix multiply-add of 64×64", 512, "KFLOP", _of("tile_flops", 1 / 1024), "2·64³"),
    Printed(_N, "its input", 16, "KB", _of("tile_bytes", 1 / 1024), "two matrices of 64×64 in FP16"),
    Printed(_N, "its intensity", 32, "FLOP/byte", _of("tile_intensity"), "512 K / 16 K"),
    Printed(_N, "arithmetic of 80 SMs", 36, "W", _of("arithmetic_power"), "80 · 1.5 TFLOPS / 2 · 0.6 pJ"),
    Printed(
        _N,
        "energy of operands",
        1.4,
        "pJ",
        None,
        "of an SRAM that is not described; more than 0.6 pJ, as said",
    ),
    Printed(
        _N,
        "bandwidth of an SM",
        50,
        "GB/s",
        _of("sm_bandwidth_from_tile", 1e-9),
        "1.5 TFLOPS / 32 FLOP/byte",
        within=0.07,
    ),
    Printed(_N, "bandwidth of 80 SMs", 4, "TB/s", _of("chip_bandwidth", 1e-12), "80 · 50 GB/s"),
    Printed(_N, "bandwidth · distance", 80, "TB·mm/s", _of("bandwidth_distance", 1e-12), "4 TB/s · 20 mm"),
    Printed(_N, "power of wires", 26, "W", _of("wire_power"), "80 TB·mm/s · 8 · 40 fJ"),
    Printed(
        _N,
        "energy of a wire",
        40,
        "fJ/bit/mm",
        None,
        "C·V² with 200 fF/mm: the supply is not printed, 0.45 V gives it",
    ),
    Printed(
        _N, "gain of charge recycling", 4, "×", _of("charge_recycling_gain"), "supply and swing halved: 2²"
    ),
    Printed(
        _N,
        "gain of low swing",
        0.5,
        "×",
        None,
        "V_supply · V_signal: the swing is not printed, half of the supply gives it",
    ),
    Printed(_N, "width of fabrics for 4 TB/s", 1, "mm", _of("fabric_width"), "4 TB/s / 4 GB/s/µm"),
    Printed(_M, "rate of a pin", 20, "Gb/s", _of("pin_rate", 1e-9), "1 TB/s over 300 pins", bound=">"),
    Printed(_M, "energy of a serial link", 4, "pJ/bit", None, "of links of the time, without a source"),
    Printed(
        _M,
        "power of signaling",
        10,
        "W",
        _of("module_power_grs"),
        "1 TB/s at 1 pJ/bit: 8 W, 'a few 10s of watts'",
        bound="<",
    ),
    Printed(
        _M, "density", 1, "Tb/s/mm", lambda: 8 / _chain()["module_edge"], "1 TB/s at 8 mm of the periphery"
    ),
    Printed(_M, "swing of PAM4", -10, "dB", _of("pam4_swing_db"), "20·log10(1/3) = -9.5 dB", within=0.05),
    Printed(_M, "bits of a PAM4 symbol", 2, "bit", _of("pam4_bits"), "log2 4"),
    Printed(_M, "energy of PAM4 a bit", 4, "×", None, "from links that are not named"),
    Printed(_I, "sub-batch of a node", 8, "", _of("sub_batch"), "1024 / 128"),
    Printed(
        _I,
        "bandwidth for gradients",
        400,
        "GB/s",
        _of("exchange_bandwidth", 1e-9),
        "4 · 25 M · 2 B in 64 G / 120 T seconds; with FP32 gradients 750",
        within=0.07,
    ),
    Printed(
        _I,
        "flex links, least",
        400,
        "GB/s",
        _of("flex_bandwidth_low", 1e-9),
        "3 lanes/mm · 40 mm · 25 Gb/s",
        within=0.07,
    ),
    Printed(
        _I, "flex links, most", 500, "GB/s", _of("flex_bandwidth_high", 1e-9), "4 lanes/mm · 40 mm · 25 Gb/s"
    ),
    Printed(
        _I,
        "operations of 8 inputs",
        64,
        "GOP",
        lambda: 8 * 2 * 4.1,
        "ResNet-50's published 4.1 G multiply-adds, forward only",
    ),
    Printed(_I, "weights of ResNet-50", 25, "M", lambda: 25.6, "published: 25.6 M"),
    Printed(_E, "gain off chip, least", 5, "×", _of("board_to_flex_low"), "10 / 2 pJ"),
    Printed(_E, "gain off chip, most", 8, "×", _of("board_to_flex_high"), "15 / 2 pJ", within=0.07),
    Printed(_E, "gain on chip", 4, "×", _of("charge_recycling_gain"), "charge recycling"),
]
