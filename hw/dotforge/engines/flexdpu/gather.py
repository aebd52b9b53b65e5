"""Wires of all Flex-DPEs of a group to the banks of its accumulator: an OR, since rows of a round have banks of their
own.
"""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import name_value
from ...block import Block
from ...network.columns import wires
from ...network.turned_tables import any_of
from .config import FlexDpuConfig
from .share import is_number

__all__ = ["Gather"]


class Gather(Block):
    """Combinational.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    members : Flex-DPEs of the group, a bit each
    wires, row, wrapped : of each Flex-DPE, see :class:`dotforge.engines.flexdpu.collect.Collect`
    words, fresh, valid : a bank each
    """

    members: Signal
    wires: Signal
    row: Signal
    wrapped: Signal
    words: Signal
    fresh: Signal
    valid: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        engines, lanes, width = config.engines, config.lanes, config.exact_sum.width
        super().__init__(
            {
                "members": In(engines),
                "wires": In(engines * lanes * (width + 2)),
                "row": In(engines * config.row_bits),
                "wrapped": In(engines * lanes),
                "words": Out(config.banks * width),
                "fresh": Out(config.banks),
                "valid": Out(config.banks),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, width = self.config, self.config.exact_sum.width
        columns = min(config.lanes, config.banks)
        terms: list[list[Value]] = [[] for _ in range(config.banks)]
        flat = wires(self.wires, width + 2)
        for engine in range(config.engines):
            own = flat[engine * config.lanes : (engine + 1) * config.lanes]
            places = self._places(m, engine)
            for lane, wire in enumerate(own):
                for place, enable in enumerate(places[lane]):
                    bank = place * columns + lane % columns
                    here = name_value(m, f"here_{engine}_{lane}_{place}", wire[-1] & enable)
                    terms[bank].append(wire & here.replicate(width + 2))
        banks = [any_of(m, f"bank_{number}", term) for number, term in enumerate(terms)]
        m.d.comb += [
            self.words.eq(Cat(bank[:width] for bank in banks)),
            self.fresh.eq(Cat(bank[width] for bank in banks)),
            self.valid.eq(Cat(bank[width + 1] for bank in banks)),
        ]
        return m

    def _places(self, m: Module, engine: int) -> list[list[Value]]:
        """Return for each wire of a Flex-DPE which of the banks with its remainder it goes to."""
        config = self.config
        member: Value = self.members[engine]
        times = config.banks // min(config.lanes, config.banks)
        if times == 1:
            return [[member]] * config.lanes
        low = (config.lanes - 1).bit_length()
        bits = (times - 1).bit_length()
        row = self.row.word_select(engine, config.row_bits)
        here = name_value(m, f"place_{engine}", row[low : low + bits])
        behind = Signal(bits, name=f"place_behind_{engine}")
        m.d.comb += behind.eq(here + 1)
        wrapped = self.wrapped.word_select(engine, config.lanes)
        at_here = [name_value(m, f"at_{engine}_{p}", member & is_number(here, p)) for p in range(times)]
        at_behind = [
            name_value(m, f"after_{engine}_{p}", member & is_number(behind, p)) for p in range(times)
        ]
        return [
            [(at_behind[p] & wrapped[lane]) | (at_here[p] & ~wrapped[lane]) for p in range(times)]
            for lane in range(config.lanes)
        ]
