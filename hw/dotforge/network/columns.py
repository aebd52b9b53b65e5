"""What all pieces of the distribution network share: one interface, wires in columns, registers where wanted.

::

    inputs   [lanes × width] ──►┌───────┐   column 0    column 1         last
    settings [bits]          ──►│ piece │── switches ── switches ─ … ─ switches ──► outputs [lanes × width]
    advance  (if registered) ──►└───────┘             ▲
                                                 a register after any column

Lane ``i`` is bits ``i·width`` to ``i·width + width − 1`` of a flat vector. Settings travel with the vector
that they are presented with, also through registers: two vectors in a row may have different settings.
"""

from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import name_value
from ..block import Block

__all__ = [
    "MAX_LANES",
    "Piece",
    "Pipeline",
    "Wires",
    "check_lanes",
    "choose",
    "exchange",
    "exchange_bits",
    "lower",
    "pairs",
    "wires",
]

#: Largest network that is tested.
MAX_LANES = 512

Wires = list[Value]


def check_lanes(lanes: int, least: int = 2) -> int:
    """Return log2 of ``lanes``; raise ValueError unless it is a power of two from ``least`` to 512.

    Raises
    ------
    ValueError
        ``lanes`` is no power of two from ``least`` to 512.
    """
    if not least <= lanes <= MAX_LANES or lanes & (lanes - 1):
        raise ValueError(f"lanes={lanes}: a power of two from {least} to {MAX_LANES} is wanted")
    return lanes.bit_length() - 1


def lower(switch: int, bit: int) -> int:
    """Return the lower wire of a switch in the column that joins wires ``q`` and ``q ^ 2**bit``.

    Parameters
    ----------
    switch : number of the switch, from 0
    bit : of the column
    """
    return (switch >> bit) << (bit + 1) | switch & ((1 << bit) - 1)


def pairs(bit: int, lanes: int) -> list[tuple[int, int]]:
    """Return the wire pairs of that column, switch by switch.

    Parameters
    ----------
    bit : of the column
    lanes : power of two
    """
    return [(lower(switch, bit), lower(switch, bit) | 1 << bit) for switch in range(lanes // 2)]


def wires(flat: Value, width: int) -> Wires:
    """Cut a flat vector into its lanes.

    Parameters
    ----------
    flat : lane 0 lowest
    width : bits of a lane
    """
    return [flat[start : start + width] for start in range(0, len(flat), width)]


class Pipeline:
    """Columns of one network, and the registers after some of them.

    Parameters
    ----------
    m : module that gets the logic
    width : bits of a lane
    registers : numbers of the columns that a register follows
    advance : the registers move when this is high (``None``: always)
    swap : what :meth:`in_use` returns is replaced behind the vector that enters in this cycle, if any

    A swap travels beside the vectors, so that settings that many vectors share need no registers on the way::

        prepared ──┬─────────────┬─────────────┐
                   ▼ swap        ▼ swap        ▼ swap
                in use        in use        in use         one register a bit, where it is used
                   ▼             ▼             ▼
        vectors ─ switches ─ ▌─ switches ─ ▌─ switches ─►
    """

    def __init__(
        self,
        m: Module,
        width: int,
        registers: Sequence[int] = (),
        advance: Value | None = None,
        swap: Value | None = None,
    ) -> None:
        self.m, self.width, self.registers, self.advance = m, width, registers, advance
        self.column = 0
        self._delayed: dict[int, list[Value]] = {}
        self._arrived: list[Value] = [] if swap is None else [swap]
        self._in_use: dict[tuple[str, int], Signal] = {}

    @property
    def depth(self) -> int:
        """Number of registers before this column."""
        return sum(register < self.column for register in self.registers)

    def in_use(self, prepared: Value, name: str) -> Signal:
        """Return the settings of the vector here: ``prepared``, as it was when the last swap came by.

        Parameters
        ----------
        name : stem of the names of its signals
        """
        held = self._in_use.get((name, self.depth))
        if held is None:
            held = Signal(len(prepared), name=f"{name}_in_use_{self.depth}", reset_less=True)
            self.m.d.sync += held.eq(Mux(self._arrival(), prepared, held))
            self._in_use[name, self.depth] = held
        return held

    def settled(self) -> Value:
        """Return whether the last swap has been everywhere: then ``prepared`` may change."""
        return ~Cat(self._arrived[1:]).any()

    def _arrival(self) -> Value:
        """Return whether the vector behind a swap enters the stage of this column at the end of the cycle."""
        while len(self._arrived) <= self.depth:
            number = len(self._arrived)
            passing = Signal(name=f"swap_{number}")  # the last vector before the swap is in stage ``number``
            before = self._arrived[-1]
            if self.advance is None:
                self.m.d.sync += passing.eq(before)
            elif number == 1:  # a swap without a vector may come while the others stand
                self.m.d.sync += passing.eq(before | (passing & ~self.advance))
            else:
                self.m.d.sync += passing.eq(Mux(self.advance, before, passing))
            self._arrived.append(passing)
        if self.depth == 0 or self.advance is None:
            return self._arrived[self.depth]
        return self._arrived[self.depth] & self.advance

    def now(self, value: Value, name: str, since: int = 0) -> Value:
        """Return ``value``, made for the vector at column ``since``, in step with the vector here.

        Parameters
        ----------
        name : stem of the names of its signals
        """
        chain = self._delayed.setdefault(id(value), [value])  # chain[0] keeps the value, and so its id, alive
        depth = sum(since <= register < self.column for register in self.registers)
        while len(chain) <= depth:
            chain.append(self._register(chain[-1], f"{name}_after_{len(chain)}"))
        return chain[depth]

    def end_column(self, values: Wires, name: str) -> Wires:
        """Name the outputs of a column, or the register behind it where one is wanted, and return them.

        Parameters
        ----------
        values : of all lanes
        name : stem of the names of its signals
        """
        flat = Cat(*values)
        if self.column in self.registers:
            named = self._register(flat, f"{name}_{self.column}_register")
        else:
            named = name_value(self.m, f"{name}_{self.column}", flat)
        self.column += 1
        return wires(named, self.width)

    def pass_column(self, values: Wires, name: str) -> Wires:
        """Return what comes out of a column without switches: a register, or the values themselves.

        Parameters
        ----------
        values : of all lanes
        name : stem of the names of its signals
        """
        if self.column in self.registers:
            return self.end_column(values, name)
        self.column += 1
        return values

    def skip_column(self) -> None:
        """Pass a column whose switches and register are elsewhere."""
        self.column += 1

    def _register(self, value: Value, name: str) -> Value:
        register = Signal(len(value), name=name, reset_less=True)
        if self.advance is None:
            self.m.d.sync += register.eq(value)
        else:
            self.m.d.sync += register.eq(Mux(self.advance, value, register))
        return register


class Piece(Block):
    """Base of the pieces.

    Parameters
    ----------
    lanes : power of two, 2…512
    width : bits of a value, 1 or more
    columns : number of columns of the piece
    settings : number of setting bits
    registers : columns (0…columns − 1) that a register follows

    Raises
    ------
    ValueError
        A parameter is out of its range, or ``registers`` do not rise.

    Interface attributes
    --------------------
    inputs, outputs : lanes × width bits
    settings : as the piece says
    advance : registered pieces only; low holds all registers
    latency : number of registers; initiation interval 1
    """

    inputs: Signal
    settings: Signal
    outputs: Signal
    advance: Signal

    def __init__(
        self,
        lanes: int,
        width: int,
        columns: int,
        settings: int,
        registers: Sequence[int],
        *,
        advance: bool = True,
    ) -> None:
        check_lanes(lanes)
        if width < 1:
            raise ValueError(f"width={width}: at least 1 bit is wanted")
        if list(registers) != sorted(set(registers)) or not all(0 <= r < columns for r in registers):
            raise ValueError(f"registers={registers}: rising numbers of columns, 0…{columns - 1}, are wanted")
        self.lanes, self.width, self.columns, self.registers = lanes, width, columns, tuple(registers)
        self.latency = len(registers)
        ports = {"inputs": In(lanes * width), "settings": In(settings), "outputs": Out(lanes * width)}
        if registers:
            ports["advance"] = In(1)
        super().__init__(ports)

    def pipeline(self, m: Module) -> Pipeline:
        """Return the pipeline of this piece."""
        return Pipeline(m, self.width, self.registers, self.advance if self.registers else None)


def choose(upper: Value | None, high: Value, low: Value, valid: Value | None = None) -> Value:
    """Return ``high`` if ``upper`` is 1, else ``low``; zero if not ``valid``. ``upper=None``: always ``low``.

    Where a value can be zeroed, its gates are the multiplexer's: two selects that are both low.
    """
    if valid is None:
        return low if upper is None else Mux(upper, high, low)
    if upper is None:
        return Mux(valid, low, 0)
    return Mux(upper & valid, high, 0) | Mux(~upper & valid, low, 0)


def exchange(
    values: Wires,
    bit: int,
    first: Callable[[int], Value | None],
    second: Callable[[int], Value | None],
    valid: Value | None = None,
    *,
    inverted: tuple[bool, bool] = (False, False),
) -> Wires:
    """Return the outputs of one column of 2×2 switches.

    Parameters
    ----------
    values : wires into the column
    bit : wires ``q`` and ``q ^ 2**bit`` meet in a switch
    first, second : number of a switch → 1 if its first (second) output, that of the lower (higher) wire
        number, takes its second input, 0 if its first; ``None``: the output is wired to the input of the same
        number
    valid : one bit a wire, outputs are zero where it is low
    inverted : whether what ``first`` (``second``) gives is 0 for the second input, 1 for the first
    """
    outputs = list(values)
    for switch, (low, high) in enumerate(pairs(bit, len(values))):
        for wire, select, turned in ((low, first(switch), inverted[0]), (high, second(switch), inverted[1])):
            gate = None if valid is None else valid[wire]
            if select is None:
                outputs[wire] = choose(None, values[wire], values[wire], gate)
            elif turned:
                outputs[wire] = choose(select, values[low], values[high], gate)
            else:
                outputs[wire] = choose(select, values[high], values[low], gate)
    return outputs


def exchange_bits(
    m: Module,
    name: str,
    bits: Value,
    bit: int,
    first: Value,
    second: Value,
    *,
    inverted: tuple[bool, bool] = (False, False),
) -> Value:
    """Return the outputs of a column of switches of one bit, as :func:`exchange` does, over whole vectors.

    A multiplexer for every bit takes far longer to write as Verilog than a few gates as wide as the column.

    Parameters
    ----------
    m, name : module that gets the logic, and the stem of the names of its signals
    bits : a bit a wire
    bit : wires ``q`` and ``q ^ 2**bit`` meet in a switch
    first, second, inverted : as of :func:`exchange`, but a bit a switch
    """
    if not isinstance(bits, Signal):
        bits = name_value(m, f"{name}_inputs", bits)
    blocks = wires(bits, 1 << bit)
    low = name_value(m, f"{name}_inputs_0", Cat(*blocks[::2]))
    high = name_value(m, f"{name}_inputs_1", Cat(*blocks[1::2]))
    outputs = []
    for number, (select, turned) in enumerate(zip((first, second), inverted, strict=True)):
        ones, zeros = (low, high) if turned else (high, low)
        chosen = name_value(m, f"{name}_outputs_{number}", (ones & select) | (zeros & ~select))
        outputs.append(wires(chosen, 1 << bit))
    return name_value(m, name, Cat(*(block for pair in zip(*outputs, strict=True) for block in pair)))
