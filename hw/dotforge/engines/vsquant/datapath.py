"""Vector MAC: the products of a vector in one carry-save heap, their sum times a scale in another.

::

    weights ──────►┌───────────┐  block sum  ┌─────────────┐
                   │ heap of   ├────────────►│ heap of     ├──► running sum ─┐
    activations ──►│ products  │             │ scaled sums │                 │
                   └───────────┘         ┌──►└──────▲──────┘                 │
    scales ──► scale product, rounded ───┘          └────────────────────────┘

A block sum is carried through to one row: as a carry-save pair it would double the partial products of the
scaling.
"""

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.heap import Heap
from ...arithmetic.product import add_product, smaller_method
from ...block import Block
from .config import VSQuantConfig
from .scale import ScaleProduct

__all__ = ["BlockSum", "RowSum", "ScaledSum", "VectorMac", "block_sum", "scale_product"]


class BlockSum(Block):
    """Sum of signed products and an addend, combinational, modulo ``2**width``.

    Parameters
    ----------
    lanes : number of products
    weight_bits, activation_bits : width of the elements, two's complement
    width : bits of the sum and of the addend
    addend : whether there is an addend

    Interface attributes
    --------------------
    weights, activations : all lanes, lane 0 in the low bits
    addend : added to the products
    total : the sum
    """

    weights: Signal
    activations: Signal
    addend: Signal
    total: Signal

    def __init__(
        self, *, lanes: int, weight_bits: int, activation_bits: int, width: int, addend: bool
    ) -> None:
        self.lanes, self.weight_bits, self.activation_bits = lanes, weight_bits, activation_bits
        self.width, self.has_addend = width, addend
        ports = {
            "weights": In(lanes * weight_bits),
            "activations": In(lanes * activation_bits),
            "total": Out(signed(width)),
        }
        if addend:
            ports["addend"] = In(signed(width))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        for lane in range(self.lanes):
            weight = self.weights.word_select(lane, self.weight_bits).as_signed()
            activation = self.activations.word_select(lane, self.activation_bits).as_signed()
            add_product(m, f"lane_{lane}", heap, activation, weight, ready=1)
        if self.has_addend:
            heap.add(self.addend.as_unsigned())  # as wide as the heap: its sign bit needs no special care
        m.d.comb += self.total.eq(heap.compress(m)[0])
        return m


class ScaledSum(Block):
    """Sum of block sums, each times its scale, and an addend, combinational, modulo ``2**width``.

    Parameters
    ----------
    groups : number of block sums
    block_bits, scale_bits : width of a block sum (signed) and of its scale (unsigned)
    addend_bits : width of a signed addend; 0 for none
    width : width of the result
    rows : 1 for the sum, 2 for a carry-save pair (``total`` then holds the two rows, the first one low)

    Interface attributes
    --------------------
    blocks, scales : all groups, group 0 in the low bits
    addend : added to the scaled sums
    total : ``rows`` rows of ``width`` bits
    """

    blocks: Signal
    scales: Signal
    addend: Signal
    total: Signal

    def __init__(
        self, *, groups: int, block_bits: int, scale_bits: int, addend_bits: int, width: int, rows: int = 1
    ) -> None:
        self.groups, self.block_bits, self.scale_bits = groups, block_bits, scale_bits
        self.addend_bits, self.width, self.rows = addend_bits, width, rows
        ports = {
            "blocks": In(groups * block_bits),
            "scales": In(groups * scale_bits),
            "total": Out(width * rows),
        }
        if addend_bits:
            ports["addend"] = In(signed(addend_bits))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        if self.addend_bits:
            # Modulo 2^width the sign bit of an addend as wide as the result needs no special care.
            addend: Value = self.addend if self.addend_bits < self.width else self.addend.as_unsigned()
            heap.add(addend)
        # Recoded, an unsigned scale has a row more than a signed number of its width: of 4 bits it saves none.
        method = smaller_method(self.block_bits, self.scale_bits if self.scale_bits > 4 else 1)
        for group in range(self.groups):
            block = self.blocks.word_select(group, self.block_bits).as_signed()
            scale = self.scales.word_select(group, self.scale_bits)
            add_product(m, f"group_{group}", heap, block, scale, method=method, ready=1)
        m.d.comb += self.total.eq(Cat(heap.compress(m, rows=self.rows)))
        return m


class RowSum(Block):
    """Adds the rows that a heap was left with, and an addend: the second half of :class:`ScaledSum`.

    Parameters
    ----------
    rows : number of rows
    addend_bits : width of a signed addend
    width : bits of a row and of the result, modulo ``2**width``
    """

    rows: Signal
    addend: Signal
    total: Signal

    def __init__(self, *, rows: int, addend_bits: int, width: int) -> None:
        self.count, self.addend_bits, self.width = rows, addend_bits, width
        super().__init__(
            {"rows": In(rows * width), "addend": In(signed(addend_bits)), "total": Out(signed(width))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        for row in range(self.count):
            heap.add(self.rows.word_select(row, self.width))
        heap.add(self.addend)
        m.d.comb += self.total.eq(heap.compress(m)[0])
        return m


class VectorMac(Block):
    """The bare unit that the transistor figures are about: a vector a cycle into a running sum.

    Adds modulo ``2**sum_bits``; it has no operand registers, no overflow flag, no clear and no gating (the
    engine has them). Initiation interval 1, latency 1.

    Parameters
    ----------
    config : whole vectors a beat (``beats`` is 1), without sparsity

    Raises
    ------
    ValueError
        A vector takes more than one beat, or there is sparsity.
    """

    weights: Signal
    activations: Signal
    weight_scales: Signal
    activation_scales: Signal
    sum: Signal
    latency = 1

    def __init__(self, config: VSQuantConfig) -> None:
        if config.beats > 1 or config.expansion > 1:
            raise ValueError("the bare vector MAC takes whole vectors a cycle, without sparsity")
        self.config = config
        super().__init__(
            {
                "weights": In(config.lanes * config.weight_bits),
                "activations": In(config.lanes * config.activation_bits),
                "weight_scales": In(config.groups * config.weight_scale_bits),
                "activation_scales": In(config.groups * config.activation_scale_bits),
                "sum": Out(signed(config.sum_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        blocks, scales = [], []
        for group in range(config.groups):
            m.submodules[f"scale_{group}"] = scale = scale_product(config)
            m.submodules[f"block_{group}"] = block = block_sum(config)
            m.d.comb += [
                scale.weight.eq(self.weight_scales.word_select(group, config.weight_scale_bits)),
                scale.activation.eq(self.activation_scales.word_select(group, config.activation_scale_bits)),
                block.weights.eq(self.weights.word_select(group, len(block.weights))),
                block.activations.eq(self.activations.word_select(group, len(block.activations))),
            ]
            blocks.append(block.total)
            scales.append(scale.scale)
        running = Signal(signed(config.sum_bits), reset_less=True)
        m.submodules.scaled = scaled = ScaledSum(
            groups=config.groups,
            block_bits=config.block_bits,
            scale_bits=config.scale_bits,
            addend_bits=config.sum_bits,
            width=config.sum_bits,
        )
        m.d.comb += [
            scaled.blocks.eq(Cat(*blocks)),
            scaled.scales.eq(Cat(*scales)),
            scaled.addend.eq(running),
            self.sum.eq(running),
        ]
        m.d.sync += running.eq(scaled.total)
        return m


def block_sum(config: VSQuantConfig) -> BlockSum:
    """Return the heap of the products that one vector adds a cycle."""
    return BlockSum(
        lanes=config.group_lanes,
        weight_bits=config.weight_bits,
        activation_bits=config.activation_bits,
        width=config.block_bits,
        addend=config.beats > 1,
    )


def scale_product(config: VSQuantConfig) -> ScaleProduct:
    """Return the multiplier of a vector's two scales."""
    return ScaleProduct(
        weight_bits=config.weight_scale_bits,
        activation_bits=config.activation_scale_bits,
        dropped=config.scale_position,
        rounding=config.scale_rounding,
        width=config.scale_bits,
    )
