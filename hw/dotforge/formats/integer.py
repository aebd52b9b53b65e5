"""Integer formats: two's complement."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..arithmetic.integer_adder import IntegerAdder
    from ..arithmetic.integer_converter import IntegerConverter
    from ..arithmetic.integer_multiplier import IntegerMultiplier

__all__ = ["INT4", "INT8", "INT16", "INT32", "IntegerFormat"]


@dataclass(frozen=True)
class IntegerFormat:
    """Two's complement integer of ``width`` bits, 1…128."""

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
        """Return the smallest integers that hold a sum of ``terms`` products with ``other``."""
        if terms < 1:
            raise ValueError(f"a sum has at least one term, not {terms}")
        largest = terms * self.minimum * (other or self).minimum
        return IntegerFormat(largest.bit_length() + 1)

    def fits(self, value: int) -> bool:
        """Tell whether ``value`` is one of the format."""
        return self.minimum <= value <= self.maximum

    # Blocks import this module, so it imports them late.

    def multiplier(self, other: "IntegerFormat | None" = None, **options: Any) -> "IntegerMultiplier":
        """Return a multiplier of this format and ``other`` into their product format.

        ``options`` are those of :class:`dotforge.arithmetic.integer_multiplier.IntegerMultiplier`.
        """
        from ..arithmetic.integer_multiplier import IntegerMultiplier  # noqa: PLC0415

        _same_kind(self, other)
        return IntegerMultiplier(self, other, **options)

    def adder(self, **options: Any) -> "IntegerAdder":
        """Return an adder of this format.

        ``options`` are those of :class:`dotforge.arithmetic.integer_adder.IntegerAdder`.
        """
        from ..arithmetic.integer_adder import IntegerAdder  # noqa: PLC0415

        return IntegerAdder(self, **options)

    def converter(self, target: "IntegerFormat", **options: Any) -> "IntegerConverter":
        """Return a converter of this format into ``target``.

        ``options`` are those of :class:`dotforge.arithmetic.integer_converter.IntegerConverter`.
        """
        from ..arithmetic.integer_converter import IntegerConverter  # noqa: PLC0415

        _same_kind(self, target)
        return IntegerConverter(self, target, **options)


def _same_kind(format: IntegerFormat, other: object) -> None:
    if other is not None and not isinstance(other, IntegerFormat):
        raise ValueError(
            f"{format.name} goes together with integers, not with {getattr(other, 'name', other)}"
        )


INT4 = IntegerFormat(4)
INT8 = IntegerFormat(8)
INT16 = IntegerFormat(16)
INT32 = IntegerFormat(32)
