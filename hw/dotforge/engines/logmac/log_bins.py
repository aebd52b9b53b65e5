"""Running sums of log-number products, and the lookup behind binned ones.

::

    products ──► heap ──► running sum                          convert

    products ─┬► heap ──► bin of fraction 0 ─── · lookup[0] ─┐
              ├► heap ──► bin of fraction 1 ─── · lookup[1] ─┼──► heap ──► sum        binned
              ┆                                              ┆
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.heap import Heap
from ...block import Block
from .datapath import ProductHeap
from .log_lane import LogProducts
from .log_plan import LogPlan

__all__ = ["LogCore", "LookupSum", "product_heap", "signed_digits"]


def product_heap(plan: LogPlan, *, addend: bool, width: int, rows: int = 1) -> ProductHeap:
    """Return the heap of one running sum: all lanes, and the running sum itself with ``addend``.

    Parameters
    ----------
    plan : widths of the datapath
    width : bits of the sum, in which the heap adds
    rows : how many the heap is compressed to, 1 or 2
    """
    return ProductHeap(
        lanes=plan.lanes,
        lane_bits=plan.lane_bits,
        form="plain" if plan.extra_bit else "folded",
        addend_bits=plan.running_bits if addend else 0,
        width=width,
        rows=rows,
    )


def signed_digits(constant: int) -> list[tuple[int, int]]:
    """Return (place, ±1) of the non-adjacent form, the fewest digits there are; ``constant`` is not negative."""
    digits, place = [], 0
    while constant:
        if constant & 1:
            digit = 2 - (constant & 3)
            digits.append((place, digit))
            constant -= digit
        constant >>= 1
        place += 1
    return digits


class LookupSum(Block):
    """All bins times their lookups, combinational: exact, then judged.

    Parameters
    ----------
    plan : formats and widths
    sum_bits : width of the sum
    saturate : what a sum that does not fit becomes; else it wraps

    Interface attributes
    --------------------
    bin_sums : ``plan.bins`` signed sums of ``plan.running_bits`` bits
    sum : in units of 2^−(lookup_bits − 1)
    overflow : the exact sum does not fit
    """

    bin_sums: Signal
    sum: Signal
    overflow: Signal

    def __init__(self, plan: LogPlan, *, sum_bits: int, saturate: bool) -> None:
        self.plan, self.sum_bits, self.saturate = plan, sum_bits, saturate
        super().__init__(
            {
                "bin_sums": In(plan.bins * plan.running_bits),
                "sum": Out(signed(sum_bits)),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self.plan
        width = max(plan.total_bits, self.sum_bits)
        heap = Heap(width)
        for number, constant in enumerate(plan.table):
            found = self.bin_sums.word_select(number, plan.running_bits)
            for place, digit in signed_digits(constant):
                if digit > 0:
                    heap.add(found.as_signed(), shift=place)
                else:  # −x = ~x + 1
                    heap.add((~found).as_signed(), shift=place)
                    heap.add_constant(1 << place)
        exact = Signal(signed(width))
        m.d.comb += exact.eq(heap.compress(m)[0])
        above = exact[self.sum_bits - 1 :]
        kept: Value = exact[: self.sum_bits]
        m.d.comb += self.overflow.eq(above.any() & ~above.all())
        if self.saturate:
            limit = Cat((~exact[-1]).replicate(self.sum_bits - 1), exact[-1])
            kept = Mux(self.overflow, limit, kept)
        m.d.comb += self.sum.eq(kept)
        return m


class LogCore(Block):
    """The bare unit that the transistor figures are about: products, heaps, running sums and their registers.

    Adds a beat every cycle, modulo 2^``running_bits``; it has no operand registers, overflow flag, clear or,
    with bins, final lookup (the engine has them). Initiation interval 1, latency 1.
    """

    activations: Signal
    weights: Signal
    sums: Signal
    latency = 1

    def __init__(self, plan: LogPlan) -> None:
        self.plan = plan
        super().__init__(
            {
                "activations": In(plan.lanes * plan.activation_bits),
                "weights": In(plan.lanes * plan.weight.bits),
                "sums": Out(plan.bins * plan.running_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self.plan
        m.submodules.products = products = LogProducts(plan)
        m.d.comb += [products.activations.eq(self.activations), products.weights.eq(self.weights)]
        sums: list[Value] = []
        for number in range(plan.bins):
            m.submodules[f"heap_{number}"] = heap = product_heap(plan, addend=True, width=plan.running_bits)
            running = Signal(signed(plan.running_bits), name=f"running_{number}", reset_less=True)
            m.d.comb += [
                heap.products.eq(products.products.word_select(number, plan.lanes * plan.lane_bits)),
                heap.addend.eq(running),
            ]
            m.d.sync += running.eq(heap.total)
            sums.append(running)
        m.d.comb += self.sums.eq(Cat(*sums))
        return m
