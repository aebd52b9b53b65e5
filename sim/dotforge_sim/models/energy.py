"""Energy of a product or a network from single operations: arithmetic, on-chip memory, DRAM.

A multiply-add costs a product in the operands' format and an addition in the sum's. Operands come from an on-chip
memory
for every ``reuse`` multiply-adds that an operand takes part in once it is in a register, and sums go there once.
DRAM is read as often as tiles of the on-chip memory ask for: with three square tiles in it, each operand is read
once for
each tile of the other. The table is ``data/operations.toml``.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from .errors import ModelError
from .operands import Product
from .parameter_file import load

__all__ = ["FORMATS", "MEMORIES", "NODES", "Levels", "mac_energy", "of_product", "scale"]

NODES = (45, 7)

#: Format → operation of a product, of a sum, bytes of an operand, bytes of a sum.
FORMATS = {
    "int8": ("multiply_int8", "add_int32", 1, 4),
    "bf16": ("multiply_bf16", "add_fp32", 2, 4),
    "fp16": ("multiply_fp16", "add_fp32", 2, 4),
    "fp32": ("multiply_fp32", "add_fp32", 4, 4),
    "int32": ("multiply_int32", "add_int32", 4, 4),
}

#: On-chip memory → bytes.
MEMORIES = {"sram_8kb": 8 * 1024, "sram_32kb": 32 * 1024, "sram_1mb": 1024 * 1024}
DRAMS = ("ddr", "hbm2", "gddr6")

_ACCESS_BYTES = 8


@dataclass(frozen=True)
class Levels:
    """Where operands come from.

    Attributes
    ----------
    memory : on-chip, see :data:`MEMORIES`
    dram : ``ddr``, ``hbm2`` or ``gddr6``
    reuse : multiply-adds an operand takes part in before it is fetched again from the on-chip memory, 1 or more

    Raises
    ------
    ModelError
        A memory is unknown, or ``reuse`` is less than 1.
    """

    memory: str = "sram_32kb"
    dram: str = "ddr"
    reuse: int = 64

    def __post_init__(self) -> None:
        for name, value, allowed in (("memory", self.memory, MEMORIES), ("dram", self.dram, DRAMS)):
            if value not in allowed:
                raise ModelError(f"{name} {value}: allowed are {', '.join(allowed)}")
        if self.reuse < 1:
            raise ModelError(f"reuse {self.reuse}: allowed is 1 or more")


def _cost(name: str, node: int) -> float:
    """Return picojoules of an operation."""
    table = load("operations")
    key = f"{name}_{node}nm"
    if key not in table:
        nodes = [str(each) for each in NODES if f"{name}_{each}nm" in table]
        raise ModelError(f"{name} has no energy at {node} nm: allowed is {', '.join(nodes)} nm")
    return table[key].value


def mac_energy(format: str, node: int) -> float:
    """Return picojoules of a multiply-add.

    Parameters
    ----------
    format : see :data:`FORMATS`
    node : 45 or 7 nm

    Raises
    ------
    ModelError
        The format or the node is unknown, or the table lacks it.
    """
    if format not in FORMATS:
        raise ModelError(f"format {format}: allowed are {', '.join(FORMATS)}")
    if node not in NODES:
        raise ModelError(f"node {node}: allowed are {', '.join(map(str, NODES))} nm")
    product, total, _, _ = FORMATS[format]
    return _cost(product, node) + _cost(total, node)


def of_product(
    product: Product, format: str, node: int, levels: Levels | None = None, *, skip_zeros: bool = False
) -> dict[str, Any]:
    """Return the energy of a product by part, in picojoules.

    Parameters
    ----------
    product : shapes and densities, or matrices
    format : of operands
    node : 45 or 7 nm
    levels : of memory
    skip_zeros : operands are compressed (bitmaps are not counted), and only useful products are made
    """
    levels = levels or Levels()
    _, _, operand_bytes, sum_bytes = FORMATS.get(format, ("", "", 0, 0))
    each = mac_energy(format, node)
    macs = float(product.useful_macs) if skip_zeros else float(product.m * product.n * product.k)
    elements = [
        float(nonzeros) if skip_zeros else float(sides)
        for nonzeros, sides in (
            (product.nonzeros_a, product.m * product.k),
            (product.nonzeros_b, product.k * product.n),
        )
    ]
    sums = product.m * product.n
    tile = max(1, int(sqrt(MEMORIES[levels.memory] / (2 * operand_bytes + sum_bytes))))
    dram_bytes = (
        elements[0] * ceil(product.n / tile) + elements[1] * ceil(product.m / tile)
    ) * operand_bytes + sums * operand_bytes
    sram_bytes = 2 * macs / levels.reuse * operand_bytes + sums * sum_bytes
    parts = {
        "arithmetic": macs * each,
        "on_chip_memory": sram_bytes / _ACCESS_BYTES * _cost(levels.memory, node),
        "dram": dram_bytes / _ACCESS_BYTES * _cost(f"dram_{levels.dram}", node),
    }
    total = sum(parts.values())
    return {
        "name": product.name,
        "shape": {"m": product.m, "k": product.k, "n": product.n},
        "format": format,
        "node_nm": node,
        "memory": levels.memory,
        "dram": levels.dram,
        "reuse": levels.reuse,
        "macs": round(macs),
        "bytes": {"on_chip_memory": sram_bytes, "dram": dram_bytes},
        "energy_pj": {**parts, "total": total},
        "pj_per_useful_mac": total / float(product.useful_macs) if product.useful_macs else None,
    }


def scale(energy: float, format: str, to: int) -> tuple[float, str]:
    """Return an energy at 45 nm as it is expected at another node, and the rule.

    Parameters
    ----------
    energy : at 45 nm, in any unit
    format : of operands, whose multiply-add tells the ratio; INT8's where the table has no other
    to : 45 or 7 nm
    """
    known = format if format in ("int8", "fp16", "fp32", "int32") else "int8"
    ratio = mac_energy(known, to) / mac_energy(known, 45)
    return (
        energy * ratio,
        f"the ratio of a {known} multiply-add at {to} nm and at 45 nm in the table, {ratio:.3f}",
    )
