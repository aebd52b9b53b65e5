"""Two banks of sums: one fills while the other is requantised."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import increment, less_than, name_value
from ...block import Block
from ...memory import MemoryArray
from ...stream.payload import Payload
from .config import RequantiseConfig

__all__ = ["SumBanks"]


class SumBanks(Block):
    """Collects the sums of a vector and their largest magnitude.

    A vector ends with its sum number ``vector`` or with ``last``. It is on offer from the cycle after that.

    Parameters
    ----------
    config : see :class:`dotforge.engines.requantise.config.RequantiseConfig`
    payload : of the stream of sums

    Interface attributes
    --------------------
    i : stream of sums, each with the unit of its vector (that of the vector's last sum counts) and ``last``
    valid : there is a vector
    maximum, unit, last_index, last : its largest magnitude, unit, index of its last sum, and whether ``last``
        ended it
    index, sum : the sum of that index, one cycle later
    release : the vector is given up in this cycle
    """

    i: stream.Interface
    valid: Signal
    maximum: Signal
    unit: Signal
    last_index: Signal
    last: Signal
    index: Signal
    sum: Signal
    release: Signal

    def __init__(self, config: RequantiseConfig, payload: Payload) -> None:
        self.config, self.payload = config, payload
        index_bits = (config.vector - 1).bit_length()
        super().__init__(
            {
                "i": In(stream.Signature(payload.layout())),
                "valid": Out(1),
                "maximum": Out(config.sum_bits),
                "unit": Out(config.unit_bits),
                "last_index": Out(index_bits),
                "last": Out(1),
                "index": In(index_bits),
                "sum": Out(signed(config.sum_bits)),
                "release": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        index_bits = (config.vector - 1).bit_length()
        m.submodules.memory = memory = MemoryArray(rows=2 << index_bits, width=config.sum_bits)

        full = [Signal(name=f"full_{bank}") for bank in range(2)]
        write_bank = Signal()
        write_index = Signal(index_bits)
        bank = Signal()
        taken = Signal()
        ends = Signal()
        incoming = self.i.payload.sum
        m.d.comb += [
            self.i.ready.eq(~Mux(write_bank, full[1], full[0])),
            taken.eq(self.i.valid & self.i.ready),
            ends.eq(self.i.payload.last | (write_index == config.vector - 1)),
            memory.write_enable.eq(taken),
            memory.write_address.eq(Cat(write_index, write_bank)),
            memory.write_data.eq(incoming),
            memory.read_address.eq(Cat(self.index, bank)),
            self.sum.eq(memory.read_data),
        ]
        with m.If(taken):
            m.d.sync += write_index.eq(write_index + 1)
            with m.If(ends):
                m.d.sync += [write_index.eq(0), write_bank.eq(~write_bank)]
        with m.If(self.release):
            m.d.sync += bank.eq(~bank)

        # The magnitude of the most negative sum, 2^(sum_bits − 1), is that of its two's complement unsigned.
        negative = incoming[-1]
        flipped = name_value(m, "flipped", incoming ^ negative.replicate(config.sum_bits))
        magnitude, _ = increment(m, "magnitude", flipped, negative)
        magnitude = name_value(m, "magnitude", magnitude)
        maximum = Signal(config.sum_bits, reset_less=True)
        larger = less_than(m, "larger", maximum, magnitude) | ~write_index.any()
        reached = name_value(m, "reached", Mux(larger, magnitude, maximum))
        with m.If(taken):
            m.d.sync += maximum.eq(reached)

        held: dict[str, list[Signal]] = {}
        found = {
            "maximum": reached,
            "unit": self.i.payload.unit,
            "last_index": write_index,
            "last": self.i.payload.last,
        }
        for name, value in found.items():
            held[name] = [Signal(len(value), name=f"{name}_{number}", reset_less=True) for number in range(2)]
            m.d.comb += getattr(self, name).eq(Mux(bank, held[name][1], held[name][0]))
        for number in range(2):
            with m.If(taken & ends & (write_bank == number)):
                m.d.sync += [held[name][number].eq(value) for name, value in found.items()]
                m.d.sync += full[number].eq(1)
            with m.If(self.release & (bank == number)):
                m.d.sync += full[number].eq(0)
        m.d.comb += self.valid.eq(Mux(bank, full[1], full[0]))
        return m
