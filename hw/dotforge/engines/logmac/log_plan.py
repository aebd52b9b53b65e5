"""Widths of a dot product of log numbers, all from its formats."""

from dataclasses import dataclass

from ...formats.logarithm import LogCode, power

__all__ = ["LogPlan", "lookup_table"]


def lookup_table(fraction_bits: int, lookup_bits: int) -> tuple[int, ...]:
    """Return 2^(f/2^y) for f = 0 … 2^y − 1, in ``lookup_bits`` bits with the point behind the first.

    Rounded to the nearest, and to the largest there is where that is 2.

    Parameters
    ----------
    fraction_bits : y, bits of the logarithm's fraction
    """
    scale = 1 << lookup_bits - 1
    largest = (1 << lookup_bits) - 1
    return tuple(min(round(power(f, fraction_bits) * scale), largest) for f in range(1 << fraction_bits))


@dataclass(frozen=True)
class LogPlan:
    """A dot product of log numbers: formats, and the widths that follow.

    Parameters
    ----------
    lanes : products a cycle
    weight : format of the weights
    activation : format of the activations; ``None`` for two's complement integers
    integer_bits : width of an integer activation
    lookup_bits : width of the lookup of 2^(f/2^y), in units of 2^−(lookup_bits − 1)
    binned : accumulate one sum a fraction, and look up afterwards
    running_bits : width of a running sum: that of the products, or of each bin
    """

    lanes: int
    weight: LogCode
    activation: LogCode | None
    integer_bits: int
    lookup_bits: int
    binned: bool
    running_bits: int

    @property
    def activation_bits(self) -> int:
        """Width of an activation's word."""
        return self.integer_bits if self.activation is None else self.activation.bits

    @property
    def fraction_bits(self) -> int:
        """Fraction bits of a product's logarithm: the more of the two."""
        activation = 0 if self.activation is None else self.activation.fraction_bits
        return max(self.weight.fraction_bits, activation)

    @property
    def largest_exponent(self) -> int:
        """Largest logarithm of a product (of a weight, where activations are integers), in units of 2^−y."""
        return sum(
            code.largest_exponent << self.fraction_bits - code.fraction_bits
            for code in (self.weight, self.activation)
            if code is not None
        )

    @property
    def exponent_bits(self) -> int:
        """Width of a product's logarithm."""
        return self.largest_exponent.bit_length()

    @property
    def max_shift(self) -> int:
        """Largest integer part of a product's logarithm."""
        return self.largest_exponent >> self.fraction_bits

    @property
    def table(self) -> tuple[int, ...]:
        """The lookup."""
        return lookup_table(self.fraction_bits, self.lookup_bits)

    @property
    def bins(self) -> int:
        """Running sums."""
        return 1 << self.fraction_bits if self.binned else 1

    @property
    def term_bits(self) -> int:
        """Width of what a lane adds to a running sum, signed."""
        significand = 1 if self.binned else self.lookup_bits + 1
        if self.activation is None:
            return self.integer_bits + self.max_shift + (0 if self.binned else self.lookup_bits)
        return significand + self.max_shift + (1 if self.binned else 0)

    @property
    def extra_bit(self) -> bool:
        """Whether a term comes with a bit to add to it: the +1 of a complemented integer."""
        return self.binned and self.activation is None

    @property
    def lane_bits(self) -> int:
        """Heap bits of a lane, for one running sum."""
        return self.term_bits + self.extra_bit

    @property
    def exact_bits(self) -> int:
        """Width of a running sum plus one beat, exactly: a term is at most 2^(term_bits − 1) in magnitude."""
        lanes_bits = (self.lanes << self.term_bits - 1).bit_length() + 1
        return max(self.running_bits, lanes_bits) + 1

    @property
    def total_bits(self) -> int:
        """Width of all bins times their lookups, exactly."""
        return (sum(self.table) << self.running_bits - 1).bit_length() + 1
