"""Two banks of sums for high clocks: magnitudes are stored, and what is known of a vector waits in two places."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...arithmetic.stages import Stages, Timed
from ...block import Block
from ...memory import MemoryArray
from ...stream.payload import Payload
from .config import RequantiseConfig

__all__ = ["ClockedBanks", "intake"]


def intake(stages: Stages, config: RequantiseConfig, total: Value) -> Timed:
    """Return a sum's magnitude and above it its sign; that of −2^(sum_bits − 1) is right unsigned.

    Parameters
    ----------
    stages : where it is made
    config : whose widths count
    total : the sum
    """
    given = stages.given("incoming", total)
    flipped = stages.logic(
        "incoming_flipped", 1, lambda value: value ^ value[-1].replicate(len(value)), given
    )
    sign = stages.logic("incoming_sign", 0, lambda value: value[-1], given)
    zero = stages.given("incoming_zero", Const(0, 1))
    magnitude = stages.add("magnitude", flipped, zero, config.sum_bits, sign)
    return stages.logic("stored", 0, Cat, magnitude, sign)


class ClockedBanks(Block):
    """Collects the sums of a vector and their largest magnitude, as the unit without a clock does.

    Of a vector that is complete the maximum, unit and place of its end move to the ports as soon as those of the
    vector before were taken; its sums stay in their bank until ``release``. They are there before the next vector
    is complete, because that needs the bank of the vector before.

    Parameters
    ----------
    config : see :class:`dotforge.engines.requantise.config.RequantiseConfig`
    payload : of the stream of sums

    Interface attributes
    --------------------
    i : stream of sums, each with the unit of its vector (that of the vector's last sum counts) and ``last``
    moved : ``maximum``, ``unit``, ``last_index`` and ``last`` are a new vector's from this cycle on
    take : they are not needed behind this cycle
    index, magnitude, negative : the sum of that index, one cycle later
    release : the sums of the vector are given up in this cycle
    """

    i: stream.Interface
    moved: Signal
    maximum: Signal
    unit: Signal
    last_index: Signal
    last: Signal
    take: Signal
    index: Signal
    magnitude: Signal
    negative: Signal
    release: Signal

    def __init__(self, config: RequantiseConfig, payload: Payload) -> None:
        self.config = config
        index_bits = (config.vector - 1).bit_length()
        super().__init__(
            {
                "i": In(stream.Signature(payload.layout())),
                "moved": Out(1),
                "maximum": Out(config.sum_bits),
                "unit": Out(config.unit_bits),
                "last_index": Out(index_bits),
                "last": Out(1),
                "take": In(1),
                "index": In(index_bits),
                "magnitude": Out(config.sum_bits),
                "negative": Out(1),
                "release": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        index_bits = (config.vector - 1).bit_length()
        m.submodules.memory = memory = MemoryArray(rows=2 << index_bits, width=config.sum_bits + 1)
        full = [Signal(name=f"full_{bank}") for bank in range(2)]
        write_bank, bank = Signal(), Signal()
        write_index = Signal(index_bits)
        taken, ends = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~Mux(write_bank, full[1], full[0])),
            taken.eq(self.i.valid & self.i.ready),
            ends.eq(self.i.payload.last | (write_index == config.vector - 1)),
            memory.read_address.eq(Cat(self.index, bank)),
            self.magnitude.eq(memory.read_data[:-1]),
            self.negative.eq(memory.read_data[-1]),
        ]
        with m.If(taken):
            m.d.sync += write_index.eq(write_index + 1)
            with m.If(ends):
                m.d.sync += [write_index.eq(0), write_bank.eq(~write_bank)]
        with m.If(self.release):
            m.d.sync += bank.eq(~bank)
        for number in range(2):
            with m.If(taken & ends & (write_bank == number)):
                m.d.sync += full[number].eq(1)
            with m.If(self.release & (bank == number)):
                m.d.sync += full[number].eq(0)

        stages = Stages(m, config.device, 1e3 / config.clock_mhz, Const(1, 1))
        stored = intake(stages, config, self.i.payload.sum)
        flags = {
            "taken": taken,
            "ends": taken & ends,
            "starts": ~write_index.any(),
            "address": Cat(write_index, write_bank),
            "unit": self.i.payload.unit,
            "last": self.i.payload.last,
        }
        beat = {
            name: stages.given(f"beat_{name}", value, reset=name in ("taken", "ends"))
            for name, value in flags.items()
        }
        end = stored.stage + 1
        value = stages.at(stored, end)
        at_end = {name: stages.at(each, end) for name, each in beat.items()}
        m.d.comb += [
            memory.write_enable.eq(at_end["taken"]),
            memory.write_address.eq(at_end["address"]),
            memory.write_data.eq(value),
        ]
        running = Signal(config.sum_bits, name="running_maximum", reset_less=True)
        with m.If(at_end["taken"] & (at_end["starts"] | (running < value[:-1]))):
            m.d.sync += running.eq(value[:-1])

        found = {
            "maximum": running,
            "unit": stages.at(beat["unit"], end + 1),
            "last_index": stages.at(beat["address"], end + 1)[:index_bits],
            "last": stages.at(beat["last"], end + 1),
        }
        complete = stages.at(beat["ends"], end + 1)
        waits, occupied = Signal(), Signal()
        moves = Signal()
        m.d.comb += moves.eq(waits & (~occupied | self.take))
        m.d.sync += [
            waits.eq(complete | (waits & ~moves)),
            occupied.eq(moves | (occupied & ~self.take)),
            self.moved.eq(moves),
        ]
        for name, source in found.items():
            waiting, port = Signal(len(source), name=f"waiting_{name}", reset_less=True), getattr(self, name)
            head = Signal(len(source), name=f"head_{name}", reset_less=True)
            with m.If(complete):
                m.d.sync += waiting.eq(source)
            with m.If(moves):
                m.d.sync += head.eq(waiting)
            m.d.comb += port.eq(head)
        return m
