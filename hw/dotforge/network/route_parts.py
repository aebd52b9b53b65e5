"""Arrays of registers with several ports, for the route engine."""

from collections.abc import Iterable, Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

__all__ = ["any_bit", "any_of", "decode", "first_set", "read", "update"]


def any_of(m: Module, name: str, terms: Sequence[Value]) -> Value:
    """Return the OR of some values as a balanced tree."""
    terms = list(terms)
    while len(terms) > 1:
        terms = [terms[i] | terms[i + 1] if i + 1 < len(terms) else terms[i] for i in range(0, len(terms), 2)]
    signal = Signal(len(terms[0]), name=name)
    m.d.comb += signal.eq(terms[0])
    return signal


def decode(m: Module, name: str, address: Value, enable: Value) -> Value:
    """Return one bit an address, set where ``address`` points if ``enable`` is high."""
    hits = enable
    for index, bit in enumerate(reversed(address)):
        level = Signal(2 << index, name=f"{name}_{index}")
        m.d.comb += level.eq(Cat(*(item for hit in hits for item in (hit & ~bit, hit & bit))))
        hits = level
    return hits


def read(entries: Sequence[Value], address: Value) -> Value:
    """Return an entry, over a tree of multiplexers; entries beyond the last are the last."""
    values = list(entries)
    for bit in address:
        if len(values) == 1:
            break
        values = [Mux(bit, values[min(i + 1, len(values) - 1)], values[i]) for i in range(0, len(values), 2)]
    return values[0]


def first_set(m: Module, name: str, mask: Value) -> tuple[Value, Value]:
    """Return the number of the lowest set bit of a mask of a power of two bits, and whether there is one."""
    found: list[tuple[list[Value], Value]] = [([], bit) for bit in mask]
    depth = 0
    while len(found) > 1:
        flat = Signal((depth + 2) * len(found) // 2, name=f"{name}_{depth}")
        parts, joined = [], []
        for index in range(0, len(found), 2):
            (low, any_low), (high, any_high) = found[index], found[index + 1]
            number = [*(Mux(any_low, a, b) for a, b in zip(low, high, strict=True)), ~any_low]
            parts += [*number, any_low | any_high]
            base = (depth + 2) * index // 2
            joined.append((list(flat[base : base + depth + 1]), flat[base + depth + 1]))
        m.d.comb += flat.eq(Cat(*parts))
        found, depth = joined, depth + 1
    number, some = found[0]
    return Cat(*number), some


def update(m: Module, register: Signal, writes: Sequence[tuple[Value, Value]]) -> None:
    """Write a register from the ports that hit it (at most one a cycle), and hold it otherwise."""
    if not writes:
        return
    hit = any_of(m, f"{register.name}_written", [enable for enable, _ in writes])
    values = [value & enable.replicate(len(register)) for enable, value in writes]
    value = values[0] if len(values) > 1 else writes[0][1]
    for other in values[1:]:
        value = value | other
    m.d.sync += register.eq(Mux(hit, value, register))


def any_bit(bits: Iterable[Value]) -> Value:
    """Return the OR of some bits, zero of none."""
    result: Value = Const(0, 1)
    for bit in bits:
        result = result | bit
    return result
