"""Picture of the folds of a group of Flex-DPEs: which row sits where, what is joined, and which bank a sum goes to."""

from collections.abc import Sequence

import numpy as np

from dotforge_golden import flexdpe, flexdpu

from .svg import FRAME, MUTED, Canvas, colours

__all__ = ["draw_group"]

_LANE, _GAP, _SIDE, _TOP, _FOLD = 26, 30, 40, 84, 132

#: Lanes and rows that are still to be read.
_MOST = 256


def draw_group(counts: Sequence[int], engines: int, lanes: int) -> str:
    """Return a picture of the folds of a window whose rows have ``counts`` useful elements each.

    A line is a fold, a box a Flex-DPE, a circle a lane in the colour of its row. Below the last lane of a run is what
    becomes of its sum: the bank of its row, of as many as lanes, in the round that it goes there; or that it is joined
    with the sum on the right.

    Parameters
    ----------
    counts : of the rows, 0…lanes
    engines : Flex-DPEs of the group
    lanes : of each

    Raises
    ------
    ValueError
        A count is not in 0…``lanes``, nothing is to be drawn, or too much.
    """
    if not 0 < sum(counts) <= _MOST or min(counts) < 0 or max(counts) > lanes:
        raise ValueError(f"rows of 0…{lanes} elements, {_MOST} in all, are wanted")
    if engines < 1 or not 2 <= lanes <= _MOST // engines:
        raise ValueError(f"1 Flex-DPE or more of 2 lanes or more, {_MOST} lanes in all, are wanted")
    useful = np.arange(lanes) < np.array(counts)[:, None]
    folds = flexdpe.pack(useful, engines * lanes)
    width = 2 * _SIDE + engines * lanes * _LANE + (engines - 1) * _GAP
    canvas = Canvas(width, _TOP + len(folds) * _FOLD)
    canvas.text(width / 2, 30, f"{len(folds)} folds of {engines} Flex-DPEs of {lanes} lanes", size=18)
    canvas.text(width / 2, 50, "elements of rows: " + " ".join(map(str, counts)), colour=MUTED)
    palette = colours(len(counts))
    for number, fold in enumerate(folds):
        _draw_fold(canvas, fold, lanes, _TOP + number * _FOLD, palette)
    return canvas.svg()


def _draw_fold(canvas: Canvas, fold: flexdpe.Fold, lanes: int, top: float, palette: list[str]) -> None:
    """Draw a fold."""
    rounds = flexdpu.rounds(fold, lanes, lanes)
    round_of = dict(zip(rounds.rows.tolist(), rounds.numbers.tolist(), strict=True))
    joins = False
    for number, part in enumerate(flexdpu.slices(fold, lanes)):
        left = _SIDE + number * (lanes * _LANE + _GAP)
        canvas.box(left - 4, top, lanes * _LANE + 8, _LANE + 12)
        going_on = part.partial and (number + 1) * lanes < len(fold.rows)
        for lane, row in enumerate(part.rows.tolist()):
            x, y = left + (lane + 0.5) * _LANE, top + 6 + _LANE / 2
            canvas.circle((x, y), 11, "#ffffff" if row == flexdpe.EMPTY else palette[row], FRAME)
            if row == flexdpe.EMPTY:
                continue
            canvas.text(x, y + 4, str(row), size=10, colour="#ffffff")
            if not part.ends[lane]:
                continue
            if joins:
                text = "↖"  # with the sum on the left
            elif lane == lanes - 1 and going_on:
                text = f"+ →, bank {row % lanes}"
            else:
                text = f"bank {row % lanes}"
            if not joins and rounds.count > 1:
                text += f", round {round_of[row]}"
            joins = False
            canvas.straight((x, y + 12), (x, y + 24 + 16 * (row % 3)), palette[row], 1.4)
            canvas.text(x, y + 36 + 16 * (row % 3), text, size=10, colour=palette[row])
        joins = going_on
