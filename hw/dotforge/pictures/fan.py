"""Picture of the FAN reduction network with the runs of a given grouping in colours."""

from collections.abc import Sequence

from dotforge_golden.fan import adder_level, links

from .svg import FAINT, FRAME, MUTED, Canvas, colours

__all__ = ["draw_fan"]

_STEP, _LEVEL, _SIDE, _TOP = 46, 64, 40, 84


def draw_fan(groups: Sequence[int]) -> str:
    """Return a picture of a FAN that sums runs of ``groups[0]``, ``groups[1]``, … lanes.

    The sum of the groups is the number of lanes, a power of two. Lanes are at the bottom, adder i above lanes
    i and i + 1 at the height of its level; thin lines are the links, coloured ones carry parts of a run, and
    each sum leaves from the highest adder of its run.

    Raises
    ------
    ValueError
        A group is empty, or the groups do not make a power of two from 2 lanes.
    """
    lanes = sum(groups)
    if not groups or min(groups) < 1 or lanes < 2 or lanes & (lanes - 1):
        raise ValueError("groups: at least 1 each, and a power of two in all, are wanted")
    levels = lanes.bit_length() - 1
    canvas = Canvas(2 * _SIDE + lanes * _STEP, _TOP + (levels + 1) * _LEVEL + 20)
    canvas.text(canvas.width / 2, 30, f"FAN, {lanes} lanes", size=18)
    canvas.text(canvas.width / 2, 50, "runs: " + " ".join(map(str, groups)), colour=MUTED)
    palette = colours(len(groups))

    def lane_at(lane: int) -> tuple[float, float]:
        return _SIDE + (lane + 0.5) * _STEP, _TOP + (levels + 0.45) * _LEVEL

    def adder_at(adder: int) -> tuple[float, float]:
        return _SIDE + (adder + 1) * _STEP, _TOP + (levels - 0.5 - adder_level(adder)) * _LEVEL

    for adder in range(lanes - 1):
        ends = [lane_at(adder), lane_at(adder + 1)] if adder % 2 == 0 else []
        for pair in links(adder):
            ends += [adder_at(other) for other in pair]
        for end in ends:
            canvas.straight(end, adder_at(adder), FAINT, 1.4)
    first = 0
    outputs = []
    for group, colour in zip(groups, palette, strict=True):
        outputs.append((_draw_run(canvas, first, first + group - 1, colour, (lane_at, adder_at)), colour))
        first += group
    for adder in range(lanes - 1):
        owner = _owner(adder, groups)
        canvas.circle(adder_at(adder), 12, "#ffffff" if owner is None else palette[owner], FRAME)
        canvas.text(
            adder_at(adder)[0],
            adder_at(adder)[1] + 4,
            str(adder),
            size=10,
            colour=MUTED if owner is None else "#ffffff",
        )
    run_of = [number for number, group in enumerate(groups) for _ in range(group)]
    for lane in range(lanes):
        canvas.circle(lane_at(lane), 10, palette[run_of[lane]], FRAME)
        canvas.text(lane_at(lane)[0], lane_at(lane)[1] + 4, str(lane), size=10, colour="#ffffff")
    for number, ((x, y), colour) in enumerate(outputs):
        canvas.straight((x, y - 12), (x, y - 30), colour, 3)
        canvas.text(x + 5, y - 26, f"sum {number}", size=11, anchor="start", colour=colour)
    return canvas.svg()


def _owner(adder: int, groups: Sequence[int]) -> int | None:
    """Return the run that an adder adds for, if any."""
    first = 0
    for number, group in enumerate(groups):
        if first <= adder < first + group - 1:
            return number
        first += group
    return None


def _draw_run(canvas: Canvas, first: int, last: int, colour: str, places: tuple) -> tuple[float, float]:
    """Draw the ways of a run and return where its sum leaves."""
    lane_at, adder_at = places

    def highest(low: int, high: int) -> int | None:
        """Return the highest adder of lanes low…high."""
        return max(range(low, high), key=adder_level, default=None)

    def draw(low: int, high: int) -> tuple[float, float]:
        top = highest(low, high)
        if top is None:
            return lane_at(low)
        for part in ((low, top), (top + 1, high)):
            start = draw(*part)
            if part[0] == part[1] and adder_level(
                top
            ):  # over the level-0 adder of the lane, which forwards it
                via = adder_at(part[0] - part[0] % 2)
                canvas.straight(start, via, colour, 3)
                start = via
            canvas.straight(start, adder_at(top), colour, 3)
        return adder_at(top)

    if first == last:
        via = adder_at(first - first % 2)
        canvas.straight(lane_at(first), via, colour, 3)
        return via[0] + (-14 if first % 2 == 0 else 14), via[1] + 8
    return draw(first, last)
