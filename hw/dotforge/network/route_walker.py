"""One walker of the looping algorithm: a step a cycle, in the wires that are its own."""

from dataclasses import dataclass, field

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from .route_parts import any_bit, decode, first_set, read

__all__ = ["Assignment", "Hits", "Ports", "Walker"]

#: A write port: whether it hits an entry, and with what.
Write = tuple[Value, Value]


@dataclass
class Ports:
    """What all walkers read: the two arrays, the output switches without a setting (at their upper wires),
    the one-hot level, and whether a step is done, the first of a level.
    """

    to_input: list[Signal]
    to_output: list[Signal]
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
    """Writes of a walker to the entries of one wire."""

    inputs: list[Write] = field(default_factory=list)
    outputs: list[Write] = field(default_factory=list)
    row: list[Write] = field(default_factory=list)
    done: Value = field(default_factory=lambda: Const(0, 1))


class Walker:
    """Walker ``number`` of ``walkers``.

    From the level on at which it has wires of its own, their low bits are its number; its signals hold the
    bits above.
    """

    def __init__(self, number: int, walkers: int, bits: int) -> None:
        self.number, self.walkers, self.bits = number, walkers, bits
        self.fixed = number.bit_length()
        self.wires = range(number, 1 << bits, 1 << self.fixed)
        self.name = f"walker_{number}"

    def signal(self, name: str, *, register: bool = False) -> Signal:
        """Return a signal for a wire number without the bits that never differ."""
        return Signal(self.bits - self.fixed, name=f"{self.name}_{name}", reset_less=register)

    def step(self, m: Module, ports: Ports, given: Assignment | None) -> dict[int, Hits]:
        """Add the logic of a step and return its writes, by wire."""
        level = ports.level
        bit = level[self.fixed :]
        active = Signal(name=f"{self.name}_active")
        m.d.comb += active.eq(ports.active & ~level[: self.fixed].any())
        output, begun, prefetched = (
            self.signal(name, register=True) for name in ("output", "begun", "prefetched")
        )
        a, begin, s, b = (self.signal(name) for name in ("a", "begin", "s", "b"))
        m.d.comb += [
            a.eq(Mux(ports.fresh, 0, output)),
            begin.eq(Mux(ports.fresh, 0, begun)),
            s.eq(Mux(ports.fresh, ports.to_input[self.number][self.fixed :], prefetched)),
            b.eq(read([ports.to_output[wire][self.fixed :] for wire in self.wires], s ^ bit)),
        ]
        at_b, hits = self._writes(m, given, a=a, s=s, b=b, bit=bit, active=active)
        # Next is the other output of b's switch, or a switch without a setting if that closes the loop.
        partner = b ^ bit
        closed = partner == begin
        candidates = Signal(len(self.wires), name=f"{self.name}_candidates")
        m.d.comb += candidates.eq(
            Cat(
                self._is_upper(wire, level) & ports.undone[wire] & ~at_b[index]
                for index, wire in enumerate(self.wires)
            )
        )
        upper, _ = first_set(m, f"{self.name}_free", candidates)
        following = self.signal("following")
        m.d.comb += following.eq(Mux(closed, upper & ~bit, partner))
        m.d.sync += [
            output.eq(following),
            begun.eq(Mux(closed, following, begin)),
            # Before it is written: this step may put b where the next output's connection was.
            prefetched.eq(read([ports.to_input[wire][self.fixed :] for wire in self.wires], following)),
        ]
        return hits

    def _writes(
        self, m: Module, given: Assignment | None, *, a: Value, s: Value, b: Value, bit: Value, active: Value
    ) -> tuple[Value, dict[int, Hits]]:
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
        return at_b, {
            wire: Hits(
                inputs=[(at_a[index], to_a), (at_b[index], to_b)],
                outputs=[(at_s[index], to_s), (at_t[index], to_t)],
                row=[(at_s[index], s_crossed), (at_b[index], b_crossed)],
                done=at_b[index],
            )
            for index, wire in enumerate(self.wires)
        }

    def _whole(self, m: Module, name: str, wire: Value) -> Signal:
        whole = Signal(self.bits, name=f"{self.name}_{name}")
        m.d.comb += whole.eq(Cat(Const(self.number, self.fixed), wire) if self.fixed else wire)
        return whole

    def _is_upper(self, wire: int, level: Value) -> Value:
        """Return whether a loop of this walker may begin at the switch of this upper wire.

        The wire is the upper one of a switch at this level, and the bits below the level that tell walkers
        apart are those of this walker.
        """
        apart = self.walkers.bit_length() - 1
        return any_bit(
            level[number]
            for number in range(self.fixed, self.bits)
            if wire >> number & 1
            and not wire >> self.fixed & ((1 << max(0, min(number, apart) - self.fixed)) - 1)
        )
