"""What the two trees share below their vecID comparators: ports, and what travels to a slot."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .parts import Summation, enable_port

__all__ = ["Core", "TreeShape", "core_ports", "slot_payload"]


def slot_payload(value: Value, valid: Value, tag: Value, level: Value) -> Value:
    """Pack what travels to a slot: value, then valid, tag and completion level upwards.

    Parameters
    ----------
    value : the sum
    valid : one bit
    tag : of its vector
    level : at which it was complete
    """
    return Cat(value, valid, tag, level)


@dataclass(frozen=True)
class TreeShape:
    """What all subtrees of a network share: how they add, and what travels with a sum."""

    summation: Summation
    tag_width: int = 0
    level_bits: int = 0

    @property
    def payload_width(self) -> int:
        """Bits that travel to a slot: value, valid, tag, completion level."""
        return self.summation.width + 1 + self.tag_width + self.level_bits

    def width(self, level: int) -> int:
        """Bits of a sum of level ``level``, over at most 2^(level + 1) lanes."""
        return self.summation.partial_width(2 << level)

    def payload(self, value: Value, valid: Value, tag: Value, level: int) -> Value:
        """Pack a sum of a level for its way to a slot.

        Parameters
        ----------
        value : the sum
        valid : one bit
        tag : of its vector
        level : at which it was complete
        """
        wide = self.summation.extend(value, self.summation.width)
        return slot_payload(wide, valid, tag, Const(level, self.level_bits))


class Core(Block):
    """A reduction tree proper, controlled by joins instead of vecIDs.

    Interface attributes
    --------------------
    values, occupied : as in :class:`Reduction`
    joins : bit i tells whether lanes i and i+1 are of one run
    valid, tags : bit (word) h belongs to the vector whose level-h sums are in the registers
    slots : a payload a lane (:func:`slot_payload`)
    """

    values: Signal
    joins: Signal
    occupied: Signal
    valid: Signal
    tags: Signal
    enable: Signal
    slots: Signal


def core_ports(level: int, shape: TreeShape) -> dict:
    """Return the ports of a tree whose root is of that level.

    Parameters
    ----------
    level : of the root adder, 0 or more; the tree has 2^(level + 1) lanes
    shape : how values are added and what travels with them
    """
    lanes = 2 << level
    tags = {"tags": In((level + 1) * shape.tag_width)} if shape.tag_width else {}
    return {
        "values": In(lanes * shape.summation.input_width),
        "joins": In(lanes - 1),
        "occupied": In(lanes),
        "valid": In(level + 1),
        "slots": Out(lanes * shape.payload_width),
        **tags,
        **enable_port(shape.summation.stallable),
    }
