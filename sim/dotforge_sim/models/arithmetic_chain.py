"""The chain of figures in B. Dally's paper on circuits for deep learning, recomputed from its inputs.

Inference: a layer's bits, operations, energy and power. Training: arithmetic, operands, wires, links between chips and
between modules. The inputs are in ``data/arithmetic_chain.toml``.
"""

from math import log2, log10

from .parameter_file import load, values

__all__ = ["chain"]


def chain(**changed: float) -> dict[str, float]:
    """Return every figure by name, in SI units.

    Parameters
    ----------
    changed : inputs, see ``data/arithmetic_chain.toml``

    Raises
    ------
    ModelError
        An input is unknown.
    """
    inputs = values(load("arithmetic_chain"), **changed)
    return {**_inference(inputs), **_on_chip(inputs), **_links(inputs)}


def _inference(p: dict[str, float]) -> dict[str, float]:
    weights = p["kernel_height"] * p["kernel_width"] * p["channels_in"] * p["channels_out"]
    pixels = p["height"] * p["width"]
    operations = weights * pixels
    layer = operations * p["shift_add_energy"]
    return {
        "weight_bits": p["weight_bits"] * weights,
        "activation_bits": p["activation_bits"] * pixels * (p["channels_in"] + p["channels_out"]),
        "weight_reuse": pixels,
        "activation_reuse": p["kernel_height"] * p["kernel_width"] * p["channels_out"],
        "layer_operations": operations,
        "layer_energy": layer,
        "network_operations": p["layers"] * operations,
        "network_energy": p["layers"] * layer,
        "network_power": p["layers"] * layer * p["frames_per_second"],
    }


def _on_chip(p: dict[str, float]) -> dict[str, float]:
    tile_flops = 2 * p["tile"] ** 3
    tile_bytes = 2 * p["tile"] ** 2 * p["element_bytes"]
    macs = p["sms"] * p["sm_flops"] / 2
    traffic = p["sms"] * p["sm_bandwidth"]
    distance = traffic * p["wire_distance"]
    wires = distance * 8 * p["wire_energy"]
    return {
        "tile_flops": tile_flops,
        "tile_bytes": tile_bytes,
        "tile_intensity": tile_flops / tile_bytes,
        "arithmetic_power": macs * p["fma_energy"],
        "operand_power": macs * p["operand_energy"],
        "operands_to_arithmetic": p["operand_energy"] / p["fma_energy"],
        # Operands in and results out of an SM, at the intensity of a tile.
        "sm_bandwidth_from_tile": p["sm_flops"] / (tile_flops / tile_bytes),
        "chip_bandwidth": traffic,
        "bandwidth_distance": distance,
        "wire_power": wires,
        "wire_supply": (p["wire_energy"] / p["wire_capacitance"]) ** 0.5,
        "wire_supply_low": (p["wire_energy_low"] / p["wire_capacitance"]) ** 0.5,
        # Supply and swing are both divided by the wires in series.
        "charge_recycling_gain": p["stacked_supplies"] ** 2,
        "wire_power_recycled": wires / p["stacked_supplies"] ** 2,
        "fabric_width": traffic / p["fabric_density"] * 1e-3,
    }


def _links(p: dict[str, float]) -> dict[str, float]:
    bits = 8 * p["dram_bandwidth"]
    step = p["node_operations"] / p["gpu_operations"]
    exchange = p["communications"] * p["gradients"] * p["gradient_bytes"] / step
    return {
        "pin_rate": bits / p["side_pins"],
        "module_power_serial_low": bits * p["serial_energy_low"],
        "module_power_serial_high": bits * p["serial_energy_high"],
        "module_power_grs": bits * p["grs_energy"],
        "module_edge": bits / p["edge_density"],
        "pam4_bits": log2(p["pam4_levels"]),
        "pam4_swing_db": 20 * log10(1 / (p["pam4_levels"] - 1)),
        "pam4_energy_each_bit": p["pam4_energy_factor"],
        "sub_batch": p["batch"] / p["nodes"],
        "step_seconds": step,
        "exchange_bandwidth": exchange,
        "flex_bandwidth_low": p["lanes_low"] * p["flex_edge"] * p["grs_rate"] / 8,
        "flex_bandwidth_high": p["lanes_high"] * p["flex_edge"] * p["grs_rate"] / 8,
        "flex_power": p["lanes_high"] * p["flex_edge"] * p["grs_rate"] * p["flex_energy"],
        "board_to_flex_low": p["board_energy_low"] / p["flex_energy"],
        "board_to_flex_high": p["board_energy_high"] / p["flex_energy"],
    }
