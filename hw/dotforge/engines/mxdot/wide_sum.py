"""Running sum of scaled blocks in fixed point, rounded once: exact for NVFP4, in a window that moves for MX.

::

    exponents ──► step, place ──► largest step so far ──► how far the sum moves, how far the block
                      │                                          │                  │
    block sum ──► shift left ────────────────────────────────────┼──► shift right ──┤
                                                                 ▼                  ▼
                                            ┌─► segments of the sum, by a step or not, + ──┐
                                            └────────────── registers, carries ◄───────────┘

The sum is cut into segments, each with a carry chain of its own; what a segment carries is added to the next one a
cycle later, so that a loop takes one short chain. How far it moves is known ahead, of steps only. See
:mod:`dotforge_golden.wide_sum` for what it holds.
"""

from amaranth.hdl import Cat, Const, Mux, Signal, Value, signed

from ...arithmetic.delays import Path
from ...arithmetic.stages import Stages, Timed
from .wide_plan import SEGMENT, WidePlan

__all__ = ["accumulate", "placed"]

_TOP = SEGMENT + 1


def _table(words: list[int], index: Value) -> Value:
    """A word by its index, bit by bit."""
    width = max(1, max(words).bit_length())
    columns = [sum((word >> bit & 1) << place for place, word in enumerate(words)) for bit in range(width)]
    return Cat(*(Const(column, len(words)).bit_select(index, 1) for column in columns))


def _shift_left(stages: Stages, name: str, value: Timed, places: Timed, farthest: int) -> Timed:
    """Shift a signed value to the left, a row of multiplexers a level; 0…``farthest`` places."""
    total = len(value) + farthest
    for row in range(len(places)):

        def shifted(value: Value, places: Value, row: int = row) -> Value:
            far = Cat(Const(0, 1 << row), value)[:total]
            near = Cat(value, value[-1].replicate(len(far) - len(value)))
            return Mux(places[row], far, near[: len(far)]).as_signed()

        value = stages.logic(f"{name}_by_{1 << row}", 1, shifted, value, places)
    return value


def placed(stages: Stages, plan: WidePlan, scaled: Timed, exponent: Timed) -> tuple[Timed, Timed | None]:
    """Return a scaled block at its place within its step, and the step; 0 of a block of zero.

    Parameters
    ----------
    stages : where it is made
    plan : widths
    scaled : a block, signed
    exponent : in units of the least power of two
    """
    if not plan.moves:
        return _shift_left(stages, "placed", scaled, exponent, plan.shifts), None
    offset = stages.given("offset", Const(plan.offset, max(1, plan.offset.bit_length())))
    bits = (2 * 255 + plan.offset).bit_length()
    moved = stages.add("exponent_from_step", exponent, offset, bits + 1)
    # A step is odd · 2^low places: a table divides what is above the low bits.
    low = (plan.step & -plan.step).bit_length() - 1
    odd = plan.step >> low
    levels = 1 + (bits - low - 3) // 2
    quotients = [number // odd for number in range(1 << bits - low)]
    rests = [number % odd for number in range(1 << bits - low)]
    step = stages.logic("step_of_scale", levels, lambda value: _table(quotients, value[low:bits]), moved)
    place = stages.logic(
        "place", levels, lambda value: Cat(value[:low], _table(rests, value[low:bits])), moved
    )
    nonzero = stages.logic("block_nonzero", 2, lambda value: value.any(), scaled)
    step = stages.logic("step", 1, lambda value, kept: value & kept.replicate(len(value)), step, nonzero)
    return _shift_left(stages, "placed", scaled, place, plan.shifts), step


def _moves(
    stages: Stages, step: Timed, first: Timed, load: Timed
) -> tuple[Timed, Timed, Timed, Timed, Timed]:
    """The largest step so far; whether the sum stays or moves by one; whether the block does."""
    width = len(step) + 1
    stage, _ = stages.place(Path(levels=1, adders=1, bits=width), (step, first, load))
    new, begins, loads = (stages.at(each, stage) for each in (step, first, load))
    top = Signal(len(step), name="top_step", reset_less=True)
    above = Signal(signed(width), name="above_top")
    stages.m.d.comb += above.eq(new - top)
    grows = begins | ~above[-1]
    with stages.m.If(stages.enable & loads & grows):
        stages.m.d.sync += top.eq(new)
    difference = Signal(signed(width), name="above_top_held", reset_less=True)
    anew = Signal(name="anew_held", reset_less=True)
    with stages.m.If(stages.enable):
        stages.m.d.sync += [difference.eq(above), anew.eq(begins)]
    held, start = Timed("top_step", top, stage + 1), Timed("anew_held", anew, stage + 1)
    by = Timed("above_top_held", difference, stage + 1)
    stays = stages.logic("sum_stays", 2, lambda d, anew: ~anew & (d[-1] | ~d.any()), by, start)
    moves = stages.logic("sum_moves", 2, lambda d, anew: ~anew & (d == 1), by, start)
    as_is = stages.logic("block_as_it_is", 2, lambda d, anew: anew | ~d[-1], by, start)
    lower = stages.logic("block_lower", 2, lambda d, anew: ~anew & d.all(), by, start)
    return held, stays, moves, as_is, lower


def accumulate(
    stages: Stages, plan: WidePlan, block: Timed, step: Timed | None, first: Timed, load: Timed
) -> tuple[Timed, Timed | None]:
    """Return the running sum, behind its registers, and its largest step; the sum's carries are added to it.

    Parameters
    ----------
    stages : where it is made
    plan : widths
    block, step : of :func:`placed`
    first : the block is its dot product's first
    load : there is a block
    """
    addend, top = block, None
    stays = stages.logic("sum_stays", 1, lambda value: ~value, first) if step is None else None
    moves: Timed | None = None
    if step is not None:
        top, stays, moves, as_is, lower = _moves(stages, step, first, load)

        def right(value: Value, as_is: Value, lower: Value) -> Value:
            wide = Cat(Const(0, plan.below), value)
            far = value[plan.step - plan.below :].as_signed()
            sign = value[-1]
            bits: list[Value] = []
            for index in range(len(wide)):
                low = far[index] if index < len(far) else sign
                near = wide[index] & as_is if index >= plan.below else Const(0, 1)
                bits.append(near | (low & lower))
            return Cat(*bits, sign & (as_is | lower)).as_signed()

        addend = stages.logic("addend", 1, right, block, as_is, lower)
    assert stays is not None
    operands = [addend, stays, load] + ([moves] if moves is not None else [])
    stage, _ = stages.place(Path(levels=1, adders=1, bits=_TOP), operands)
    value, keep, loads = (stages.at(each, stage) for each in (addend, stays, load))
    move = Const(0, 1) if moves is None else stages.at(moves, stage)
    count, width = plan.segments, plan.width
    cuts = [(index * SEGMENT, min((index + 1) * SEGMENT, width)) for index in range(count)]
    parts = [Signal(high - low, name=f"segment_{i}", reset_less=True) for i, (low, high) in enumerate(cuts)]
    carries = [Signal(name=f"carry_{index}", reset_less=True) for index in range(count - 1)]
    whole = Cat(*parts)
    by = plan.step // SEGMENT
    for index, (low, high) in enumerate(cuts):
        size = high - low
        held = whole[low:high] & keep.replicate(size)
        carry = carries[index - 1] & keep if index else Const(0, 1)
        if moves is not None:
            far = Cat(whole[low + plan.step :], whole[-1].replicate(size))[:size]
            held |= far & move.replicate(size)
            if index + by <= count - 1:
                carry |= carries[index + by - 1] & move
        added = Cat(value, value[-1].replicate(width))[low:high]
        total = Signal(size + 1, name=f"segment_{index}_sum")
        stages.m.d.comb += total.eq((Cat(Const(1, 1), held) + Cat(carry, added))[1:])
        with stages.m.If(stages.enable & loads):
            stages.m.d.sync += parts[index].eq(total[:size])
            if index < count - 1:
                stages.m.d.sync += carries[index].eq(total[size])
    running = Timed("segments", whole.as_signed(), stage + 1)
    pending = Timed(
        "carries",
        Cat(Const(0, SEGMENT), *(Cat(carry, Const(0, SEGMENT - 1)) for carry in carries))[:width],
        stage + 1,
    )
    total = stages.add("resolved", running, pending, width)
    return total, top
