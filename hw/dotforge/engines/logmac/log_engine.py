"""The engine for log numbers: the streams of the shift-add engine around other products and sums.

::

                    ┌──────────┐   ┌───────┐   ┌──────────────┐   ┌────────┐   ┌────────┐
    activations ───►│ products ├─┬►│ heaps ├─┬►│ running sums ├──►│ lookup ├──►│ to log ├──► sums
    weights ───────►│ (lanes)  │ │ └───▲───┘ │ │  + overflow  │   └────────┘   └────────┘
                    └──────────┘ │     │     │ └──────┬───────┘   binned       log_output
                       pipeline ≥ 1    │   pipeline = 2
                                       └──────────────┘
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from ...arithmetic.accumulator import Accumulator
from ...arithmetic.pipeline import register_beat
from ...formats.logarithm import parse_log_code
from .config import LogMacConfig
from .datapath import ProductHeap
from .engine import LogMac
from .log_bins import LookupSum, product_heap
from .log_converter import LogConverter
from .log_lane import LogProducts

__all__ = ["LogNumberMac"]


class LogNumberMac(LogMac):
    """Dot products of log numbers with log numbers or integers.

    Streams as those of :class:`dotforge.engines.logmac.engine.LogMac` without a bias. Sums are in units of
    2^(1 − lookup_bits), or with ``log_output`` log numbers of the sum · 2^−log_shift. The overflow flag says that
    the running sum (any bin, or the sum of all bins) did not fit. Sums are there ``latency`` = ``pipeline`` + 1
    cycles after their last beat, one more with bins and one more with ``log_output``; initiation interval 1.
    """

    def __init__(self, config: LogMacConfig) -> None:
        super().__init__(config)
        self.latency = config.cuts + 1 + (config.accumulator == "binned") + (config.log_output != "none")

    def _multiply(self, m: Module, weights: Value) -> Value:
        m.submodules.products = products = LogProducts(self.config.plan)
        m.d.comb += [
            products.activations.eq(self.activations.payload.activation),
            products.weights.eq(weights),
        ]
        return products.products

    def _accumulate(self, m: Module, enable: Signal, valid: Value, beat: dict[str, Value]) -> None:
        config, plan = self.config, self.config.plan
        exact, in_rows = plan.exact_bits, config.cuts >= 2
        if config.cuts >= 1:
            valid, beat = register_beat(m, 1, enable, valid, beat)
        if in_rows:
            pairs: list[Value] = []
            for number, terms in enumerate(_cut(beat["products"], plan.bins)):
                heap = product_heap(plan, addend=False, width=exact, rows=2)
                m.submodules[f"lanes_heap_{number}"] = heap
                m.d.comb += heap.products.eq(terms)
                pairs.append(heap.total)
            valid, beat = register_beat(m, 2, enable, valid, {**beat, "products": Cat(*pairs)})

        sums: list[Value] = []
        flags: list[Value] = []
        done: Value = valid
        for number, terms in enumerate(_cut(beat["products"], plan.bins)):
            if in_rows:
                heap = ProductHeap(
                    lanes=2, lane_bits=exact, form="rows", addend_bits=plan.running_bits, width=exact
                )
            else:
                heap = product_heap(plan, addend=True, width=exact)
            accumulator = Accumulator(
                exact_bits=exact, sum_bits=plan.running_bits, saturate=config.overflow == "saturate"
            )
            m.submodules[f"heap_{number}"] = heap
            m.submodules[f"accumulator_{number}"] = accumulator
            m.d.comb += [
                heap.products.eq(terms),
                heap.addend.eq(Mux(beat["first"], 0, accumulator.sum)),
                accumulator.exact.eq(heap.total),
                accumulator.enable.eq(enable),
                accumulator.valid.eq(valid),
                accumulator.clear.eq(beat["first"]),
                accumulator.last.eq(beat["last"]),
            ]
            sums.append(accumulator.sum)
            flags.append(accumulator.overflow)
            done = accumulator.done
        self._give(m, enable, done, Cat(*sums), Cat(*flags).any())

    def _give(self, m: Module, enable: Signal, done: Value, sums: Value, overflow: Value) -> None:
        """Take finished sums through the lookup and back to the logarithm, as far as wanted."""
        config = self.config
        total = sums
        if config.accumulator == "binned":
            m.submodules.lookup = lookup = LookupSum(
                config.plan, sum_bits=config.sum_bits, saturate=config.overflow == "saturate"
            )
            m.d.comb += lookup.bin_sums.eq(sums)
            found = {"sum": lookup.sum.as_unsigned(), "overflow": lookup.overflow | overflow}
            done, found = register_beat(m, 3, enable, done, found)
            total, overflow = found["sum"], found["overflow"]
        if config.log_output != "none":
            m.submodules.converter = converter = LogConverter(
                sum_bits=config.sum_bits,
                code=parse_log_code(config.log_output),
                scale=config.lookup_bits - 1 + config.log_shift,
            )
            m.d.comb += converter.i.eq(total)
            done, found = register_beat(m, 4, enable, done, {"log": converter.o, "overflow": overflow})
            total, overflow = found["log"], found["overflow"]
        m.d.comb += [
            self.sums.payload.sum.eq(total),
            self.sums.payload.overflow.eq(overflow),
            self.sums.valid.eq(done),
        ]


def _cut(value: Value, parts: int) -> list[Value]:
    size = len(value) // parts
    return [value[part * size : (part + 1) * size] for part in range(parts)]
