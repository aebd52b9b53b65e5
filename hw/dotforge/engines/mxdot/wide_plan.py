"""Widths of a wide running sum: the window, its steps and its segments."""

from dataclasses import dataclass

from .config import MXDotConfig

__all__ = ["BELOW", "GROWTH", "ORIGIN", "SEGMENT", "WidePlan"]

#: Bits of a segment of the sum: of the carry chains of its loop.
SEGMENT = 24

#: Places of the window below the unit of a block of its step, at the least, and bits that blocks may grow into.
BELOW, GROWTH = 32, 23

#: 2^−ORIGIN is the lowest place of step 0: the unit of FP32's least subnormal number is that of a window of step 0.
ORIGIN = 117


@dataclass(frozen=True)
class WidePlan:
    """Where a scaled block goes in the running sum.

    Parameters
    ----------
    config : of the engine
    """

    config: MXDotConfig

    @property
    def moves(self) -> bool:
        """Whether the sum is a window that moves; otherwise it holds every power of two that there is."""
        return self.config.weight.scale == "e8m0"

    @property
    def step(self) -> int:
        """Places by which the window moves: so many that what two steps drop is below 2^−24 of a block's unit."""
        return SEGMENT * -(-(self.config.block_bits + 24) // SEGMENT)

    @property
    def offset(self) -> int:
        """What is added to a sum of exponents so that steps begin at multiples of ``step``."""
        return (self.config.unit - 254 + ORIGIN) % self.step

    @property
    def first(self) -> int:
        """The step, as golden counts them, that hardware counts as 0."""
        return (self.config.unit - 254 + ORIGIN) // self.step

    @property
    def steps(self) -> int:
        """The largest step."""
        return (2 * 254 + self.offset) // self.step

    @property
    def shifts(self) -> int:
        """The farthest that a block is shifted to the left within a step."""
        return self.step - 1 if self.moves else len(self.config.exponents) - 1

    @property
    def addend_bits(self) -> int:
        """Width of a block that is shifted within its step."""
        return self.config.scaled_bits + self.shifts

    @property
    def below(self) -> int:
        """Places of the sum below a block's."""
        return BELOW if self.moves else 0

    @property
    def width(self) -> int:
        """Bits of the sum."""
        return self.below + self.addend_bits + GROWTH

    @property
    def segments(self) -> int:
        """Carry chains that the sum is cut into."""
        return -(-self.width // SEGMENT)

    @property
    def lowest(self) -> int:
        """Power of two of the sum's last place; of a window, at hardware's step 0."""
        if self.moves:
            return self.step * self.first - ORIGIN - BELOW
        return self.config.exponents[0]
