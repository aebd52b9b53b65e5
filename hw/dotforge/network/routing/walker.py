"""One walker of the looping algorithm: a step a cycle, in the wires that are its own."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ..turned_tables import Table, any_of, decode, first_set, place, read

__all__ = ["Assignment", "Hits", "Ports", "Walker"]

#: A write port: the first entry of this walker in turned order, which entries from there on it hits, and with what.
Write = tuple[int, Value, Value]


@dataclass
class Ports:
    """What all walkers read: the two tables, the output switches without a setting (at their upper wires, in
    turned order), the one-hot level, and whether a step is done, the first of a level.
    """

    to_input: Table
    to_output: Table
    undone: Signal
    level: Signal
    active: Signal
    fresh: Signal


@dataclass
class Assignment:
    """The slot that a lane is given before the levels begin; it goes through the ports of one walker."""

    valid: Value
    slot: Value
    lane: Value
    end: Value


@dataclass
class Hits:
    """Writes of a walker, and the switches that it is done with, a bit a wire from its first on."""

    inputs: list[Write]
    outputs: list[Write]
    row: list[Write]
    done: tuple[int, Value]


class Walker:
    """Walker ``number`` of ``walkers``.

    From the level on at which it has wires of its own, their low bits are its number; its signals hold the
    bits above. In turned order these wires are one slice.

    Parameters
    ----------
    bits : log2 of the lanes
    """

    def __init__(self, number: int, walkers: int, bits: int) -> None:
        self.number, self.walkers, self.bits = number, walkers, bits
        self.fixed = number.bit_length()
        self.count = 1 << (bits - self.fixed)
        self.first = place(number, bits)
        self.name = f"walker_{number}"

    def signal(self, name: str, *, register: bool = False) -> Signal:
        """Return a signal for a wire number without the bits that never differ.

        Parameters
        ----------
        name : end of its name
        register : whether it is a register; it has no reset then
        """
        return Signal(self.bits - self.fixed, name=f"{self.name}_{name}", reset_less=register)

    def _own(self, m: Module, name: str, table: Table) -> Signal:
        """Return what a table has for its wires, without the bits that never differ."""
        own = Signal(self.count * (self.bits - self.fixed), name=f"{self.name}_{name}")
        places = range(self.first, self.first + self.count)
        m.d.comb += own.eq(Cat(table.entry(number)[self.fixed :] for number in places))
        return own

    def step(self, m: Module, ports: Ports, given: Assignment | None) -> Hits:
        """Add the logic of a step and return its writes.

        Parameters
        ----------
        m : module that gets the logic
        ports : what all walkers share
        given : an assignment of the first level, if there is one
        """
        level = ports.level
        bit = level[self.fixed :]
        active = Signal(name=f"{self.name}_active")
        m.d.comb += active.eq(ports.active & ~level[: self.fixed].any())
        output, begun, prefetched = (
            self.signal(name, register=True) for name in ("output", "begun", "prefetched")
        )
        to_input, to_output = (
            self._own(m, "to_input", ports.to_input),
            self._own(m, "to_output", ports.to_output),
        )
        a, begin, s, b = (self.signal(name) for name in ("a", "begin", "s", "b"))
        m.d.comb += [
            a.eq(Mux(ports.fresh, 0, output)),
            begin.eq(Mux(ports.fresh, 0, begun)),
            s.eq(Mux(ports.fresh, to_input[: self.bits - self.fixed], prefetched)),
            b.eq(read(m, f"{self.name}_output_of", to_output, s ^ bit)),
        ]
        at_b, hits = self._writes(m, given, a=a, s=s, b=b, bit=bit, active=active)
        # Next is the other output of b's switch, or a switch without a setting if that closes the loop.
        partner = b ^ bit
        closed = partner == begin
        candidates = Signal(self.count, name=f"{self.name}_candidates")
        m.d.comb += candidates.eq(
            self._upper(m, level) & ports.undone[self.first : self.first + self.count] & ~at_b
        )
        upper, _ = first_set(m, f"{self.name}_free", candidates)
        following = self.signal("following")
        m.d.comb += following.eq(Mux(closed, upper & ~bit, partner))
        m.d.sync += [
            output.eq(following),
            begun.eq(Mux(closed, following, begin)),
            # Before it is written: this step may put b where the next output's connection was.
            prefetched.eq(read(m, f"{self.name}_input_of", to_input, following)),
        ]
        return hits

    def _writes(
        self, m: Module, given: Assignment | None, *, a: Value, s: Value, b: Value, bit: Value, active: Value
    ) -> tuple[Value, Hits]:
        """Join a and s with colour 0, b and the neighbour of s with colour 1."""
        # a's connection is written at output wire a_at, s's at input wire s_at; b's and that of s's neighbour
        # likewise.
        a_at, a_value, s_value, s_crossed = a & ~bit, s & ~bit, a & ~bit, (s & bit).any()
        s_at, b_at, t_at = a_value, b | bit, s | bit
        enable: Value = active
        if given is not None:
            a_at, a_value = Mux(given.valid, given.lane, a_at), Mux(given.valid, given.slot, a_value)
            s_at, s_value = Mux(given.valid, given.slot, s_at), Mux(given.valid, given.lane, s_value)
            s_crossed, enable = Mux(given.valid, given.end, s_crossed), active | given.valid
        at_a = decode(m, f"{self.name}_at_a", a_at, enable)
        at_b = decode(m, f"{self.name}_at_b", b_at, active)
        at_s = decode(m, f"{self.name}_at_s", s_at, enable)
        at_t = decode(m, f"{self.name}_at_t", t_at, active)
        to_a, to_b, to_s, to_t = (
            self._whole(m, name, value)
            for name, value in (("to_a", a_value), ("to_b", t_at), ("to_s", s_value), ("to_t", b_at))
        )
        b_crossed = ~(b & bit).any()
        return at_b, Hits(
            inputs=[(self.first, at_a, to_a), (self.first, at_b, to_b)],
            outputs=[(self.first, at_s, to_s), (self.first, at_t, to_t)],
            row=[(self.first, at_s, s_crossed), (self.first, at_b, b_crossed)],
            done=(self.first, at_b),
        )

    def _whole(self, m: Module, name: str, wire: Value) -> Signal:
        whole = Signal(self.bits, name=f"{self.name}_{name}")
        m.d.comb += whole.eq(Cat(Const(self.number, self.fixed), wire) if self.fixed else wire)
        return whole

    def _upper(self, m: Module, level: Value) -> Value:
        """Return the upper wires of the switches at which a loop of this walker may begin.

        Such a wire is the upper one of a switch at this level, and its bits below the level that tell walkers
        apart are those of this walker.
        """
        apart = self.walkers.bit_length() - 1
        left = self.bits - self.fixed
        terms: list[Value] = []
        for number in range(left):
            others = (1 << max(0, min(number, apart - self.fixed))) - 1
            upper = sum(
                1 << place(wire, left)
                for wire in range(self.count)
                if wire >> number & 1 and not wire & others
            )
            terms.append(Mux(level[self.fixed + number], Const(upper, self.count), 0))
        return any_of(m, f"{self.name}_upper", terms)
