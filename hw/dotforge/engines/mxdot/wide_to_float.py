"""A wide sum rounded to FP32, in stages.

::

    sum ──► leading segment, two more ──► |·| ──► normalise ──► round ──► FP32
                  ▲ not below FP32's least exponent     │          ▲
    step ─────────┴───────────────► exponent ───────────┴──────────┘
"""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Mux, Value

from ...arithmetic.stages import Stages, Timed
from ...formats.floating import FP32
from .wide_plan import SEGMENT, WidePlan

__all__ = ["rounded"]

#: Bits of two segments, and of what the third one lends them.
_PAIR, _GUARD = 2 * SEGMENT, 2
_FRACTION = FP32.mantissa_bits


def rounded(stages: Stages, plan: WidePlan, total: Timed, step: Timed | None) -> Timed:
    """Return a sum, rounded to nearest, ties to even, with subnormals; what is too large is infinite.

    Parameters
    ----------
    stages : where it is made
    plan : widths
    total : the sum, signed
    step : of the window
    """
    count = plan.segments
    sign = stages.logic("sign", 0, lambda value: value[-1], total)

    def segment(value: Value, index: int) -> Value:
        return Cat(value, value[-1].replicate(SEGMENT))[index * SEGMENT : (index + 1) * SEGMENT]

    leads = [
        stages.logic(
            f"leads_{index}",
            3,
            lambda v, index=index: (segment(v, index) ^ v[-1].replicate(SEGMENT)).any(),
            total,
        )
        for index in range(count)
    ]
    chosen, capped, number = _choose(stages, plan, leads, step)

    def pair(value: Value, *chosen: Value) -> Value:
        sign = value[-1]
        found: list[Value] = []
        for index in range(count):
            parts = [
                segment(value, place) if place >= 0 else Const(0, SEGMENT)
                for place in (index - 2, index - 1, index)
            ]
            found.append(Cat(parts[0][-_GUARD:], *parts[1:]))
        any_chosen = reduce(or_, chosen)
        none = (sign & ~any_chosen).replicate(_PAIR + _GUARD)
        return reduce(
            or_, (each & c.replicate(len(each)) for each, c in zip(found, chosen, strict=True)), none
        )

    rests = [stages.given("no_rest", Const(0, 1))] * 2
    # Whether anything is below the pair of a segment: in segments below, and in what is not lent.
    low: Timed | None = None
    for index in range(count - 2):
        lent = stages.logic(
            f"rest_low_{index}", 3, lambda v, index=index: segment(v, index)[:-_GUARD].any(), total
        )
        both = lent if low is None else stages.logic(f"rest_{index}", 1, lambda x, y: x | y, lent, low)
        rests.append(both)
        high = stages.logic(
            f"rest_high_{index}", 1, lambda v, index=index: segment(v, index)[-_GUARD:].any(), total
        )
        low = stages.logic(f"below_{index + 1}", 1, lambda x, y: x | y, both, high)
    window = stages.logic("window", 3, pair, total, *chosen)

    def rest_of(*bits: Value) -> Value:
        half = len(bits) // 2
        found = (x & y for x, y in zip(bits[:half], bits[half:], strict=True))
        return reduce(
            or_, found, ~reduce(or_, bits[:half])
        )  # of none that is chosen there is nothing but a rest

    rest = stages.logic("rest", 3, rest_of, *chosen, *rests[:count])
    flipped = stages.logic(
        "window_flipped", 1, lambda value, sign: value ^ sign.replicate(len(value)), window, sign
    )
    up = stages.logic("window_up", 1, lambda sign, rest: sign & ~rest, sign, rest)
    zero = stages.given("window_zero", Const(0, 1))
    magnitude = stages.add("window_magnitude", flipped, zero, _PAIR + _GUARD + 1, up)
    value = stages.logic("magnitude", 0, lambda value: value.as_unsigned(), magnitude)
    return _normalised(stages, plan, value, rest, sign, capped, number)


def _choose(
    stages: Stages, plan: WidePlan, leads: list[Timed], step: Timed | None
) -> tuple[list[Timed], Timed, Timed]:
    """The segment that is taken, one-hot; whether it is FP32's least; and its number, with two a step."""
    count, by = plan.segments, plan.step // SEGMENT
    least: list[Timed | None] = [None] * count
    under = None
    if step is not None:
        # Segment by · (−first − step) is that of FP32's least exponent.
        for index in range(0, count, by):
            wanted = -plan.first - index // by
            least[index] = stages.logic(f"least_{index}", 2, lambda s, wanted=wanted: s == wanted, step)
        farthest = -plan.first - (count - 1) // by
        under = stages.logic("under", 2, lambda s: s < farthest, step)
    none = stages.given("not_least", Const(0, 1))
    chosen: list[Timed] = []
    caps: list[Timed] = []
    before: Timed = none if under is None else under
    for index in reversed(range(count)):
        cap = least[index]
        bits = [leads[index], before, none if cap is None else cap]
        last = Const(index == 0, 1)
        chosen.insert(
            0,
            stages.logic(
                f"chosen_{index}",
                1,
                lambda lead, before, cap, last=last: (lead | cap | last) & ~before,
                *bits,
            ),
        )
        if cap is not None:
            caps.append(stages.logic(f"capped_{index}", 1, lambda cap, before: cap & ~before, cap, before))
        before = stages.logic(f"chosen_from_{index}", 1, lambda x, y, z: x | y | z, *bits)
    capped = none
    if caps:
        capped = stages.logic("capped", 1, lambda *caps: reduce(or_, caps), *caps)

    def encode(*chosen: Value) -> Value:
        bits = max(1, (count - 1).bit_length())
        picked = [Const(index, bits) & c.replicate(bits) for index, c in enumerate(chosen)]
        return reduce(or_, picked)

    number = stages.logic("segment_number", 2, encode, *chosen)
    if step is not None:
        # Segments from the lowest of step 0 on.
        width = (by * plan.steps + count).bit_length() + 1
        scaled = stages.logic("steps", 0, lambda s: Cat(s, Const(0, width)), step)
        if by > 1:
            power = by & -by
            scaled = stages.logic(
                "segments_of_steps", 0, lambda s: Cat(Const(0, power.bit_length() - 1), s)[:width], scaled
            )
            if by != power:
                odd = stages.logic("steps_again", 0, lambda s: Cat(Const(0, 1), s)[:width], scaled)
                scaled = stages.add("segments_of_odd", scaled, odd, width)
        total = stages.add("number", scaled, number, width)
        number = stages.logic("segment_place", 0, lambda value: value.as_unsigned()[: width - 1], total)
    return chosen, capped, number


def _normalised(
    stages: Stages,
    plan: WidePlan,
    value: Timed,
    rest: Timed,
    sign: Timed,
    capped: Timed,
    number: Timed,
) -> Timed:
    """Normalise two segments, with a bit above and two below, and round."""
    wanted = _FRACTION + 2  # with the leading one and the place that decides
    rows = [16, 8, 4, 2, 1]
    shifts: list[Timed] = []
    sticky = rest
    for place, amount in enumerate(rows):
        below = wanted + sum(rows[place + 1 :])
        width = len(value)

        def far(value: Value, capped: Value, amount: int = amount) -> Value:
            clear = ~value[len(value) - amount :].any()
            return clear if amount == 1 else clear & ~capped

        by = stages.logic(f"normalise_{amount}", 3 if amount > 4 else 2, far, value, capped)
        kept = min(width, below)

        def shifted(value: Value, by: Value, amount: int = amount, kept: int = kept) -> Value:
            near = value[len(value) - kept :]
            high = len(value) - amount
            moved = value[max(0, high - kept) : high]
            moved = Cat(Const(0, kept - len(moved)), moved)
            return Mux(by, moved, near)

        def lost(value: Value, by: Value, sticky: Value, amount: int = amount, kept: int = kept) -> Value:
            moved = len(value) - amount - kept
            beyond = value[:moved].any() if moved > 0 else Const(0, 1)
            return sticky | Mux(by, beyond, value[: len(value) - kept].any())

        sticky = stages.logic(f"sticky_{amount}", 3, lost, value, by, sticky)
        value = stages.logic(f"normal_{amount}", 1, shifted, value, by)
        shifts.append(by)
    assert len(value) == wanted
    leading = stages.logic("leading", 0, lambda value: value[-1], value)
    # With a leading one in the highest bit of the pair and one above it the field is this.
    at_segment = plan.lowest + SEGMENT + FP32.bias
    top = at_segment + SEGMENT * (plan.segments + (plan.step // SEGMENT) * (plan.steps if plan.moves else 0))
    width = max(10, top.bit_length() + 1)
    eight = stages.logic("number_times_8", 0, lambda n: Cat(Const(0, 3), n), number)
    sixteen = stages.logic("number_times_16", 0, lambda n: Cat(Const(0, 4), n), number)
    base = stages.add("segment_exponent", eight, sixteen, width)
    constant = stages.given("exponent_of_0", Const(at_segment % (1 << width), width))
    highest = stages.add("highest_exponent", base, constant, width)
    shift = stages.logic("not_shift", 0, lambda *by: ~Cat(*reversed(by), Const(0, width - 5)), *shifts)
    one = stages.given("one", Const(1, 1))
    field = stages.add("field", highest, shift, width, one)

    def joined(field: Value, value: Value, leading: Value) -> Value:
        return Cat(value[1:-1], field.as_unsigned() & leading.replicate(width))

    both = stages.logic("field_and_fraction", 1, joined, field, value, leading)
    up = stages.logic("rounds_up", 1, lambda value, sticky: value[0] & (value[1] | sticky), value, sticky)
    nothing = stages.given("nothing", Const(0, 1))
    total = stages.add("rounded", both, nothing, _FRACTION + width, up)
    if not plan.moves:
        return stages.logic("result", 0, lambda total, sign: Cat(total.as_unsigned()[:31], sign), total, sign)
    over = stages.logic(
        "over", 2, lambda total: total[_FRACTION + 8 :].any() | total[_FRACTION : _FRACTION + 8].all(), total
    )

    def result(total: Value, over: Value, sign: Value) -> Value:
        fraction = total.as_unsigned()[:_FRACTION] & (~over).replicate(_FRACTION)
        exponent = total.as_unsigned()[_FRACTION : _FRACTION + 8] | over.replicate(8)
        return Cat(fraction, exponent, sign)

    return stages.logic("result", 1, result, total, over, sign)
