"""Shift-add dot product: all lanes, one carry-save heap, the running sum."""

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.heap import Heap
from ...block import Block
from ...formats.exponent import ExponentCode
from .config import LogMacConfig
from .lane import ShiftAddLane

__all__ = ["ProductHeap", "Products", "ShiftAddCore"]

#: A lane's product arrives about this many full adders after the running sum.
_PRODUCT_READY = 2


class Products(Block):
    """``lanes`` shift-add products, combinational.

    Parameters
    ----------
    activation_bits : width of an activation, two's complement
    code : of the weights
    fold_sign : leave out the ones that complementing adds

    Interface attributes
    --------------------
    activations, weights : all lanes, lane 0 in the low bits
    products : ``lanes`` products of ``lane_bits`` bits: the shifted activation and, unless signs are folded,
        the bit to add on top of it
    """

    activations: Signal
    weights: Signal
    products: Signal

    def __init__(self, *, lanes: int, activation_bits: int, code: ExponentCode, fold_sign: bool) -> None:
        self.lanes, self.activation_bits, self.code, self.fold_sign = lanes, activation_bits, code, fold_sign
        self.lane_bits = lane_bits(activation_bits, code, fold_sign)
        super().__init__(
            {
                "activations": In(lanes * activation_bits),
                "weights": In(lanes * code.bits),
                "products": Out(lanes * self.lane_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        products = []
        for index in range(self.lanes):
            lane = ShiftAddLane(
                activation_bits=self.activation_bits, code=self.code, fold_sign=self.fold_sign
            )
            m.submodules[f"lane_{index}"] = lane
            m.d.comb += [
                lane.activation.eq(self.activations.word_select(index, self.activation_bits)),
                lane.weight.eq(self.weights.word_select(index, self.code.bits)),
            ]
            products.append(lane.product if self.fold_sign else Cat(lane.product, lane.negative))
        m.d.comb += self.products.eq(Cat(products))
        return m


def lane_bits(activation_bits: int, code: ExponentCode, fold_sign: bool) -> int:
    """Heap bits of one lane."""
    return activation_bits + code.max_shift + (0 if fold_sign else 1)


class ProductHeap(Block):
    """Adds the products of all lanes and an addend, combinational, modulo ``2**width``.

    Parameters
    ----------
    lanes, lane_bits : as in :class:`Products`
    form : what a lane holds: ``plain`` (signed product, on top of it the bit to add), ``folded`` (signed
        product) or ``rows`` (a row of another heap of the same width, modulo 2^width)
    addend_bits : width of a signed addend; 0 for none
    width : width of the result
    rows : 1 for the sum, 2 for a carry-save pair (``total`` then holds the two rows, the first one low)
    """

    products: Signal
    addend: Signal
    total: Signal

    def __init__(
        self, *, lanes: int, lane_bits: int, form: str, addend_bits: int, width: int, rows: int = 1
    ) -> None:
        self.lanes, self.lane_bits, self.form = lanes, lane_bits, form
        self.addend_bits, self.width, self.rows = addend_bits, width, rows
        super().__init__(
            {
                "products": In(lanes * lane_bits),
                "addend": In(signed(addend_bits) if addend_bits else 0),
                "total": Out(width * rows),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        for index in range(self.lanes):
            lane = self.products.word_select(index, self.lane_bits)
            if self.form == "rows":
                heap.add(lane)
            elif self.form == "folded":
                heap.add(lane.as_signed(), ready=_PRODUCT_READY)
            else:
                heap.add(lane[:-1].as_signed(), ready=_PRODUCT_READY)
                heap.add_bit(lane[-1], 0)
        if self.addend_bits:
            # Modulo 2^width the sign bit of an addend as wide as the result needs no special care.
            addend: Value = self.addend if self.addend_bits < self.width else self.addend.as_unsigned()
            heap.add(addend)
        m.d.comb += self.total.eq(Cat(heap.compress(m, rows=self.rows)))
        return m


class ShiftAddCore(Block):
    """The bare unit that the transistor figures are about: products, heap, running sum and its register.

    Adds a dot product to the running sum every cycle, modulo ``2**sum_bits``; it has no operand registers, no
    overflow flag, no clear and no bias load (the engine has them). Initiation interval 1, latency 1.
    """

    activations: Signal
    weights: Signal
    sum: Signal
    latency = 1

    def __init__(self, config: LogMacConfig) -> None:
        self.config = config
        super().__init__(
            {
                "activations": In(config.lanes * config.activation_bits),
                "weights": In(config.lanes * config.code.bits),
                "sum": Out(signed(config.sum_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.products = products = Products(
            lanes=config.lanes,
            activation_bits=config.activation_bits,
            code=config.code,
            fold_sign=config.fold_sign,
        )
        m.submodules.heap = heap = ProductHeap(
            lanes=config.lanes,
            lane_bits=products.lane_bits,
            form="folded" if config.fold_sign else "plain",
            addend_bits=config.sum_bits,
            width=config.sum_bits,
        )
        running = Signal(signed(config.sum_bits), reset_less=True)
        m.d.comb += [
            products.activations.eq(self.activations),
            products.weights.eq(self.weights),
            heap.products.eq(products.products),
            heap.addend.eq(running),
            self.sum.eq(running),
        ]
        m.d.sync += running.eq(heap.total)
        return m
