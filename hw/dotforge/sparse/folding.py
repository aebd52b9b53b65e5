"""Folding: what comes one after the other fills fold after fold without gaps.

Values and rows are both packed so: an item, a beat of values or a row, brings some lanes' worth. One that does
not fit fills its fold and goes on in the next, when that may be filled. ::

    lanes        8
    items        3   4   4   2 (last)
    start        0   3   7   3
    fold 0       a a a b b b b c        the third item spans two folds
    fold 1       c c c d d - - -        the last item ends the window, and the fold

Where an item begins does not depend on when it comes, so it is counted ahead of the step that waits for room.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import add
from ..block import Block
from ..network.columns import check_lanes

__all__ = ["FoldCount", "FoldSteps", "SliceSteps", "fold_flags", "slice_bits"]


class FoldCount(Block):
    """Counts where items begin and end.

    Parameters
    ----------
    lanes : power of two
    most : that an item brings, up to ``lanes``
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    count, last : of the item that is there: what it brings, and whether it ends the window
    moves : it leaves at the end of this cycle
    start : lane at which it begins
    total : lane behind it, if its fold had no end; see :func:`fold_flags`
    """

    count: Signal
    last: Signal
    moves: Signal
    start: Signal
    total: Signal

    def __init__(self, lanes: int, most: int, operators: bool = False) -> None:
        self.bits, self.operators = check_lanes(lanes), operators
        super().__init__(
            {
                "count": In(most.bit_length()),
                "last": In(1),
                "moves": In(1),
                "start": Out(self.bits),
                "total": Out(self.bits + 1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        start = Signal(self.bits)
        width = self.bits + 1
        count = Cat(self.count, Const(0, width - len(self.count)))
        total, _ = add(m, "behind", Cat(start, Const(0, 1)), count, operators=self.operators)
        m.d.comb += [self.start.eq(start), self.total.eq(total)]
        m.d.sync += start.eq(Mux(self.moves, self.total[:-1] & (~self.last).replicate(self.bits), start))
        return m


def fold_flags(total: Value, last: Value) -> tuple[Value, Value, Value]:
    """Return whether an item spans two folds, ends with its fold, and ends the window, and a fold with it.

    Parameters
    ----------
    total : of :class:`FoldCount`
    last : it is the last item of the window
    """
    rest = total[:-1].any()
    return total[-1] & rest, total[-1] & ~rest, last & (total[-1] | rest)


class FoldSteps(Block):
    """Lets items into the next fold: one that spans two folds in two steps.

    Interface attributes
    --------------------
    valid, over, fills, ends : there is an item; see :func:`fold_flags`
    take : the fold that is complete comes into use at the end of this cycle
    first, second : what belongs to the fold in which the item begins, or to the one after it, goes in now
    done : all of the item is in at the end of this cycle
    complete : the fold is; nothing goes in before ``take``
    """

    valid: Signal
    over: Signal
    fills: Signal
    ends: Signal
    take: Signal
    first: Signal
    second: Signal
    done: Signal
    complete: Signal

    def __init__(self) -> None:
        super().__init__(
            {
                "valid": In(1),
                "over": In(1),
                "fills": In(1),
                "ends": In(1),
                "take": In(1),
                "first": Out(1),
                "second": Out(1),
                "done": Out(1),
                "complete": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        half = Signal()  # the first step of an item of two was done
        step = Signal()
        m.d.comb += [
            step.eq(self.valid & ~self.complete),
            self.first.eq(step & ~half),
            self.second.eq(step & half),
            self.done.eq(step & (half | ~self.over)),
        ]
        m.d.sync += [
            half.eq(Mux(step, self.over & ~half, half)),
            self.complete.eq(
                (self.complete & ~self.take)
                | (self.first & (self.over | self.fills | self.ends))
                | (self.second & self.ends)
            ),
        ]
        return m


def slice_bits(slices: int) -> int:
    """Return the width of a slice's number.

    Parameters
    ----------
    slices : how many there are, 1 or more
    """
    return max(1, (slices - 1).bit_length())


class SliceSteps(Block):
    """:class:`FoldSteps` of a fold that several Flex-DPEs hold a slice of each.

    Counts and flags are those of a slice; only the last slice, and the end of a window, complete the fold.

    Parameters
    ----------
    slices : at most

    Interface attributes
    --------------------
    last : the item is the last of its window
    last_slice : number of slices less one
    slice : in which the item, or the rest of it, begins
    window_ends : the last item of the window is in at the end of this cycle
    others : see :class:`FoldSteps`; ``over``, ``fills`` and ``ends`` are of the slice
    """

    valid: Signal
    over: Signal
    fills: Signal
    ends: Signal
    last: Signal
    take: Signal
    last_slice: Signal
    first: Signal
    second: Signal
    done: Signal
    complete: Signal
    slice: Signal
    window_ends: Signal

    def __init__(self, slices: int) -> None:
        super().__init__(
            {
                "valid": In(1),
                "over": In(1),
                "fills": In(1),
                "ends": In(1),
                "last": In(1),
                "take": In(1),
                "last_slice": In(slice_bits(slices)),
                "first": Out(1),
                "second": Out(1),
                "done": Out(1),
                "complete": Out(1),
                "slice": Out(slice_bits(slices)),
                "window_ends": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        half = Signal()  # the first step of an item of two was done
        step = Signal()
        number = Signal(len(self.slice))
        slice_ends = Signal()
        fold_ends = Signal()
        m.d.comb += [
            step.eq(self.valid & ~self.complete),
            self.first.eq(step & ~half),
            self.second.eq(step & half),
            self.done.eq(step & (half | ~self.over)),
            self.slice.eq(number),
            self.window_ends.eq(self.done & self.last),
            slice_ends.eq((self.first & (self.over | self.fills | self.ends)) | (self.second & self.ends)),
            fold_ends.eq(
                (slice_ends & (number == self.last_slice)) | (self.window_ends & (number.any() | slice_ends))
            ),
        ]
        m.d.sync += [
            half.eq(Mux(step, self.over & ~half, half)),
            number.eq(Mux(fold_ends, 0, number + slice_ends)),
            self.complete.eq((self.complete & ~self.take) | fold_ends),
        ]
        return m
