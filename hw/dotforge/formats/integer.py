"""Integer formats: two's complement, and unsigned."""

from dataclasses import dataclass

__all__ = ["INT4", "INT8", "INT16", "INT32", "IntegerFormat", "UnsignedFormat"]


@dataclass(frozen=True)
class IntegerFormat:
    """Two's complement integer of ``width`` bits, 1…128.

    Raises
    ------
    ValueError
        ``width`` is not in 1…128.
    """

    width: int

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 128:
            raise ValueError(f"integer width is 1…128 bits, not {self.width}")

    @property
    def name(self) -> str:
        """``INT8`` for 8 bits."""
        return f"INT{self.width}"

    @property
    def zero(self) -> int:
        """Encoding of zero."""
        return 0

    @property
    def minimum(self) -> int:
        """Most negative value."""
        return -(1 << (self.width - 1))

    @property
    def maximum(self) -> int:
        """Most positive value."""
        return (1 << (self.width - 1)) - 1

    def product_format(self, other: "IntegerFormat | None" = None) -> "IntegerFormat":
        """Return the integers that hold every product with ``other`` (default: this format)."""
        return IntegerFormat(self.width + (other or self).width)

    def sum_format(self, other: "IntegerFormat | None" = None, *, terms: int = 1) -> "IntegerFormat":
        """Return the smallest integers that hold a sum of ``terms`` products with ``other``.

        Raises
        ------
        ValueError
            ``terms`` is less than 1.
        """
        if terms < 1:
            raise ValueError(f"a sum has at least one term, not {terms}")
        largest = terms * self.minimum * (other or self).minimum
        return IntegerFormat(largest.bit_length() + 1)

    def fits(self, value: int) -> bool:
        """Tell whether ``value`` is one of the format."""
        return self.minimum <= value <= self.maximum


@dataclass(frozen=True)
class UnsignedFormat:
    """Unsigned integer of ``width`` bits, 1…128: scales and codes, not what datapaths multiply.

    Raises
    ------
    ValueError
        ``width`` is not in 1…128.
    """

    width: int

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 128:
            raise ValueError(f"integer width is 1…128 bits, not {self.width}")

    @property
    def name(self) -> str:
        """``UINT8`` for 8 bits."""
        return f"UINT{self.width}"

    @property
    def zero(self) -> int:
        """Encoding of zero."""
        return 0

    @property
    def maximum(self) -> int:
        """Largest value."""
        return (1 << self.width) - 1


INT4 = IntegerFormat(4)
INT8 = IntegerFormat(8)
INT16 = IntegerFormat(16)
INT32 = IntegerFormat(32)
