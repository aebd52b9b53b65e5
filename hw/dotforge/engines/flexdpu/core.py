"""The Flex-DPU as an engine: Flex-DPEs, of which jobs take neighbouring ones.

::

    slot 0: streams ─► Slot ──► members 0, 1      ──► Gather ─► Slot ─► results
    slot 1: streams ─► Slot ──► members 2, 3, 4   ──► Gather ─► Slot ─► results

Source: 004_cc286613ada5888f (SIGMA), sections IV-B to IV-E.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import name_value
from ...network.turned_tables import any_of
from ...stream.axi import StreamBlock
from .collect import Collect
from .config import FlexDpuConfig
from .errors import Cause
from .gather import Gather
from .member import Member
from .payloads import payloads
from .share import is_number, share
from .slot import EVENTS, Slot

__all__ = ["FlexDpuCore"]

#: Ports of a slot that go to its members as they are.
_TO_MEMBERS = (
    "values", "run_filled", "run_changed", "run_ids", "run_at_lane", "run_word", "run_begins", "run_continues",
)  # fmt: skip


class FlexDpuCore(StreamBlock):
    """Flexible dot product unit: whole sparse products, several at a time.

    Streams in, of each job slot g
    ------------------------------
    jobs_g : Flex-DPEs, rows, vectors and windows of a product
    bitmaps_g, rows_g, stationary_g, vectors_g : as of the Flex-DPE, window after window

    Stream out
    ----------
    results_g : a block of rows with a vector; ``last`` ends a job

    Ports beside
    ------------
    clear_g : throws the slot's job and its error away; its streams begin with a job then
    busy_g : a job runs
    error_g, cause_g : :class:`dotforge.engines.flexdpu.errors.Cause`; until ``clear_g`` all inputs of the slot are
        taken and ignored. Other slots are not disturbed
    overflow_g : a sum did not fit; until ``clear_g``
    events_g : see :data:`dotforge.engines.flexdpu.slot.EVENTS`
    occupied : Flex-DPEs of running jobs

    Parameters
    ----------
    config : see :class:`dotforge.engines.flexdpu.config.FlexDpuConfig`
    """

    module_name = "engine"
    occupied: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        self.latency = config.latency
        extra: dict[str, Any] = {"occupied": Out(config.engines)}
        for slot in range(config.slots):
            extra |= {
                f"clear_{slot}": In(1),
                f"busy_{slot}": Out(1),
                f"error_{slot}": Out(1),
                f"cause_{slot}": Out(range(len(Cause))),
                f"overflow_{slot}": Out(1),
                f"events_{slot}": Out(len(EVENTS)),
            }
        super().__init__(*payloads(config), extra)
        # Of jobs too: one that was taken into a slice ahead of the engine is a job that clear throws away.
        self.cleared_by_port = {
            name: f"clear_{name.rpartition('_')[2]}" for name in (*self.inputs, *self.outputs)
        }
        self.busy_until_left = {f"busy_{slot}": f"results_{slot}" for slot in range(config.slots)}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        slots = [Slot(config) for _ in range(config.slots)]
        members = [Member(config) for _ in range(config.engines)]
        collects = [Collect(config) for _ in range(config.engines)]
        for number, slot in enumerate(slots):
            m.submodules[f"slot_{number}"] = slot
            self._outside(m, number, slot)
        for number, (member, collect) in enumerate(zip(members, collects, strict=True)):
            m.submodules[f"member_{number}"] = member
            m.submodules[f"collect_{number}"] = collect
            own = [slot.members[number] for slot in slots]
            self._to_member(m, number, own, slots, member, collect)
        self._chain(m, slots, members, collects)
        for number, slot in enumerate(slots):
            self._from_members(m, number, slot, members, collects)
        m.d.comb += self.occupied.eq(any_of(m, "occupied_by", [slot.members for slot in slots]))
        self._claim(m, slots)
        share(m, config, slots)
        return m

    def _outside(self, m: Module, number: int, slot: Slot) -> None:
        """Join a slot's streams and ports to those of the engine."""
        for name in ("jobs", "bitmaps", "rows", "stationary", "vectors"):
            outer, inner = getattr(self, f"{name}_{number}"), getattr(slot, name)
            m.d.comb += [
                inner.payload.as_value().eq(outer.payload.as_value()),
                inner.valid.eq(outer.valid),
                outer.ready.eq(inner.ready),
            ]
        outer = getattr(self, f"results_{number}")
        m.d.comb += [
            outer.payload.as_value().eq(slot.results.payload.as_value()),
            outer.valid.eq(slot.results.valid),
            slot.results.ready.eq(outer.ready),
            slot.clear.eq(getattr(self, f"clear_{number}")),
            *(
                getattr(self, f"{name}_{number}").eq(getattr(slot, name))
                for name in ("busy", "error", "cause", "overflow", "events")
            ),
        ]

    def _to_member(
        self, m: Module, number: int, own: list[Value], slots: list[Slot], member: Member, collect: Collect
    ) -> None:
        """Give a Flex-DPE what its slot says."""

        def chosen(name: str, values: list[Value]) -> Value:
            if len(values) == 1:
                return values[0]
            gated = [value & bit.replicate(len(value)) for value, bit in zip(values, own, strict=True)]
            return any_of(m, f"{name}_{number}", gated)

        def slice_is_own(name: str, slot: Slot) -> Value:
            """Tell whether a slice is this Flex-DPE's."""
            place = getattr(slot, name) + slot.first
            return slot.members[number] & is_number(place, number)

        for name in _TO_MEMBERS:
            m.d.comb += getattr(member, name).eq(chosen(name, [getattr(slot, name) for slot in slots]))
        value_write, run_write, positions = [], [], []
        for index, slot in enumerate(slots):
            at = name_value(m, f"value_here_{number}_{index}", slice_is_own("value_slice", slot))
            value_write.append(slot.value_write & at.replicate(self.config.lanes))
            run_write.append(slot.run_write & slice_is_own("run_slice", slot))
            here = name_value(m, f"position_here_{number}_{index}", slice_is_own("position_slice", slot))
            positions.append(slot.positions.valid & here)
        m.d.comb += [
            member.value_write.eq(any_of(m, f"value_write_{number}", value_write)),
            member.run_write.eq(Cat(run_write).any()),
            member.positions.valid.eq(Cat(positions).any()),
            member.positions.payload.as_value().eq(
                chosen("position", [slot.positions.payload.as_value() for slot in slots])
            ),
            member.vectors.payload.as_value().eq(
                chosen("vector", [slot.inner.payload.as_value() for slot in slots])
            ),
            member.vectors.valid.eq(_gated([slot.inner.valid for slot in slots], own)),
            member.swap.eq(_gated([slot.swap for slot in slots], own)),
            member.show.eq(_gated([slot.show for slot in slots], own)),
            member.advance.eq(_gated([slot.advance for slot in slots], own)),
            collect.advance.eq(_gated([slot.advance for slot in slots], own)),
            collect.step.eq(_gated([slot.step for slot in slots], own)),
        ]
        restart = Signal(name=f"restart_{number}")
        m.d.comb += restart.eq(_gated([slot.restart for slot in slots], own))
        member.cleared_by = restart
        collect.cleared_by = restart

    def _chain(self, m: Module, slots: list[Slot], members: list[Member], collects: list[Collect]) -> None:
        """Join Flex-DPEs to their neighbours, if these are of the same group."""
        joined = [
            name_value(
                m,
                f"joined_{number}",
                Cat(slot.members[number] & slot.members[number + 1] for slot in slots).any(),
            )
            for number in range(len(members) - 1)
        ]
        for number, (member, collect) in enumerate(zip(members, collects, strict=True)):
            m.d.comb += [
                collect.sums.eq(member.sums),
                collect.sum_valid.eq(member.sum_valid),
                collect.shows.eq(member.shows),
                collect.ends.eq(member.ends),
                collect.continued.eq(member.continued),
                collect.words.eq(member.words),
            ]
            if number:
                left = collects[number - 1]
                m.d.comb += [
                    collect.begun_left.eq(left.begun & joined[number - 1]),
                    collect.ended_left.eq(left.ended & joined[number - 1]),
                    collect.some_left.eq(left.some & joined[number - 1]),
                    left.right_sum.eq(collect.first_sum),
                    left.right_continues.eq(member.continued & joined[number - 1]),
                ]

    def _from_members(
        self, m: Module, number: int, slot: Slot, members: list[Member], collects: list[Collect]
    ) -> None:
        """Tell a slot what its Flex-DPEs say, and give it their sums."""
        config = self.config
        own = slot.members

        def any_own(values: list[Value]) -> Value:
            return (Cat(values) & own).any()

        taken = [
            member.positions.ready & is_number(slot.position_slice + slot.first, index)
            for index, member in enumerate(members)
        ]
        first = [collect.here & ~collect.some_left & own[i] for i, collect in enumerate(collects)]
        rows = [
            collect.row & bit.replicate(config.row_bits) for collect, bit in zip(collects, first, strict=True)
        ]
        m.submodules[f"gather_{number}"] = gather = Gather(config)
        m.d.comb += [
            slot.positions.ready.eq(any_own(taken)),
            slot.inner.ready.eq(any_own([member.vectors.ready for member in members])),
            slot.prepared.eq(~any_own([~member.prepared for member in members])),
            slot.free.eq(any_own([member.free for member in members])),
            slot.take.eq(any_own([member.take for member in members])),
            slot.released.eq(any_own([member.released for member in members])),
            slot.shown.eq(any_own([collect.shown for collect in collects])),
            slot.last.eq(any_own([collect.last for collect in collects])),
            slot.more.eq(any_own([collect.ended for collect in collects])),
            slot.row.eq(any_of(m, f"first_row_{number}", rows)),
            gather.members.eq(own),
            gather.wires.eq(Cat(collect.wires for collect in collects)),
            gather.row.eq(Cat(collect.row for collect in collects)),
            gather.wrapped.eq(Cat(collect.wrapped for collect in collects)),
            slot.words.eq(gather.words),
            slot.fresh.eq(gather.fresh),
            slot.valid.eq(gather.valid),
        ]

    def _claim(self, m: Module, slots: list[Slot]) -> None:
        """Let the first slot whose job's Flex-DPEs are all free have them."""
        before: Value = Const(0, 1)
        for number, slot in enumerate(slots):
            free = name_value(m, f"claims_{number}", slot.wanted.any() & ~(slot.wanted & self.occupied).any())
            m.d.comb += slot.granted.eq(free & ~before)
            before = before | free


def _gated(values: list[Value], own: list[Value]) -> Value:
    return Cat(value & bit for value, bit in zip(values, own, strict=True)).any()
