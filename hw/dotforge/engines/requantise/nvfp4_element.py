"""An element of NVFP4 from the divider's bits, the block that it becomes part of, and the block's squared error."""

import itertools

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add, at_least, increment, name_value, subtract
from ...block import Block

__all__ = ["ERROR_BITS", "QUOTIENT_BITS", "Nvfp4Element"]

#: Of |sum| / (scale · unit), in sixteenths.
QUOTIENT_BITS = 7

#: Of 16 squared errors of 5 bits.
ERROR_BITS = 14

#: Sixteenths: E2M1's magnitudes, and half-way between each two of them.
_VALUES = (0, 8, 16, 24, 32, 48, 64, 96)
_HALVES = tuple((low + high) // 2 for low, high in itertools.pairwise(_VALUES))


class Nvfp4Element(Block):
    """Rounds quotients to E2M1, ties to even, and adds up the squares of what that misses.

    An error is |quotient − element| in sixteenths, the quotient cut off and at most 127.

    Interface attributes
    --------------------
    clear : the error begins at 0
    shift, round : a bit of the quotient comes in this cycle; the element is complete in this cycle
    fits, rest : of the divider
    negative : sign of the element
    valid : the scale is not zero; otherwise the element is
    vector : the last 16 elements, the latest one in the high bits, registered
    error : registered
    """

    clear: Signal
    shift: Signal
    round: Signal
    fits: Signal
    rest: Signal
    negative: Signal
    valid: Signal
    vector: Signal
    error: Signal

    def __init__(self, *, measures: bool) -> None:
        self.measures = measures
        controls = dict.fromkeys(("clear", "shift", "round", "fits", "rest", "negative", "valid"), In(1))
        super().__init__({**controls, "vector": Out(64), "error": Out(ERROR_BITS)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        quotient = Signal(QUOTIENT_BITS, reset_less=True)
        vector = Signal(64, name="elements", reset_less=True)
        exact = name_value(m, "exact", Cat(self.rest, quotient))
        # An even code keeps what lies half-way to the next one.
        above = [
            name_value(m, f"above_{code}", at_least(m, f"above_{code}", exact, 2 * half + (code % 2 == 0)))
            for code, half in enumerate(_HALVES)
        ]
        code = name_value(
            m,
            "code",
            Cat(
                (above[0] & ~above[1]) | (above[2] & ~above[3]) | (above[4] & ~above[5]) | above[6],
                (above[1] & ~above[3]) | above[5],
                above[3],
            ),
        )
        with m.If(self.shift):
            m.d.sync += quotient.eq(Cat(self.fits, quotient[:-1]))
        with m.If(self.round):
            element = Cat(code, self.negative) & self.valid.replicate(4)
            m.d.sync += vector.eq(Cat(vector[4:], element))
        m.d.comb += self.vector.eq(vector)
        if self.measures:
            m.d.comb += self.error.eq(self._error(m, quotient, code))
        return m

    def _error(self, m: Module, quotient: Signal, code: Signal) -> Signal:
        value = Signal(QUOTIENT_BITS)
        with m.Switch(code):
            for number, sixteenths in enumerate(_VALUES):
                with m.Case(number):
                    m.d.comb += value.eq(sixteenths)
        difference, borrow = subtract(m, "missed", quotient, value)
        flipped = name_value(m, "flipped", difference[:5] ^ borrow.replicate(5))
        missed, _ = increment(m, "missed", flipped, borrow)
        missed = name_value(m, "missed", missed)
        square = Signal(10)
        with m.Switch(missed):
            for number in range(32):
                with m.Case(number):
                    m.d.comb += square.eq(number * number)
        error = Signal(ERROR_BITS, name="error_register", reset_less=True)
        total, _ = add(m, "error", error, Cat(square, Const(0, ERROR_BITS - 10)))
        with m.If(self.clear):
            m.d.sync += error.eq(0)
        with m.Elif(self.round):
            m.d.sync += error.eq(total)
        return error
