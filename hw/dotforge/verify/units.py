"""Arithmetic units by name, for vectors of others: what they take, what they give."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import permutations

from ..arithmetic.float_multiplier import FloatMultiplier
from ..arithmetic.units import adder, converter, multiplier
from ..block import Block
from ..formats.table import FORMATS, FP32, FloatFormat, Format

__all__ = ["Unit", "units"]


@dataclass(frozen=True)
class Unit:
    """An arithmetic unit without registers.

    Attributes
    ----------
    name : of the unit
    block : makes it
    operands : formats, of ports ``a`` and ``b``, or of ``i`` alone
    result : format of port ``o``
    """

    name: str
    block: Callable[[], Block]
    operands: tuple[Format, ...]
    result: Format

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of the ports of the operands."""
        return ("a", "b") if len(self.operands) == 2 else ("i",)

    @property
    def summary(self) -> str:
        """Return what goes in and comes out."""
        return f"{', '.join(each.name for each in self.operands)} → {self.result.name}"


@cache
def units() -> dict[str, Unit]:
    """Return all units: adders, multipliers and converters of every format; those without a format are FP32's."""
    found = [
        _of("float_adder", lambda: adder(FP32), (FP32, FP32), FP32),
        _of("float_multiplier", lambda: FloatMultiplier(FP32), (FP32, FP32), FP32),
    ]
    for format in FORMATS.values():
        own = format.name.lower()
        if isinstance(format, FloatFormat):
            if format is not FP32:
                found.append(_adder(f"float_adder_{own}", format))
                found.append(_multiplier(f"float_multiplier_{own}", format))
            if format.specials == "ieee" and format is not FP32:
                found.append(_same(f"float_multiplier_{own}_{own}", format))
        else:
            found.append(_adder(f"integer_adder_{own}", format))
            found.append(_multiplier(f"integer_multiplier_{own}", format))
    for source, target in permutations(FORMATS.values(), 2):
        kind = "float" if isinstance(source, FloatFormat) else "integer"
        if isinstance(source, FloatFormat) == isinstance(target, FloatFormat):
            name = f"{kind}_converter_{source.name.lower()}_{target.name.lower()}"
            found.append(_converter(name, source, target))
    return {unit.name: unit for unit in found}


def _of(name: str, block: Callable[[], Block], operands: tuple[Format, ...], result: Format) -> Unit:
    return Unit(name, block, operands, result)


def _adder(name: str, format: Format) -> Unit:
    return _of(name, lambda: adder(format), (format, format), format)


def _multiplier(name: str, format: Format) -> Unit:
    return _of(name, lambda: multiplier(format), (format, format), multiplier(format).product)


def _same(name: str, format: FloatFormat) -> Unit:
    """Return a multiplier whose products are rounded to the format of its operands."""
    return _of(name, lambda: FloatMultiplier(format, product=format), (format, format), format)


def _converter(name: str, source: Format, target: Format) -> Unit:
    return _of(name, lambda: converter(source, target), (source,), target)
