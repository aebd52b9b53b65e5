"""The unit of hierarchy: a component that becomes one Verilog module, however often it is used."""

import functools
import inspect
from typing import Any, Protocol, runtime_checkable

from amaranth.hdl import Elaboratable, ResetInserter, Value
from amaranth.lib import wiring

__all__ = ["Block", "Exporter"]


@runtime_checkable
class Exporter(Protocol):
    """A platform that keeps the boundaries of blocks (see :mod:`dotforge.export.verilog`)."""

    def boundary(self, block: "Block") -> Elaboratable | None:
        """Return what stands for ``block`` in its parent, or ``None`` to elaborate it in place."""
        ...


class Block(wiring.Component):
    """A component with a boundary.

    In simulation a block is an ordinary component. On export every set of equal constructor arguments is
    elaborated once and becomes one Verilog module with the ports of its signature; all uses of it are
    instances. That is what keeps a 512-lane network small to elaborate, to read and to synthesize.

    Rules for subclasses:

    * constructor arguments are hashable (integers, strings, tuples, frozen dataclasses, shapes) and alone
      determine the hardware;
    * children are made in ``elaborate``, not in ``__init__``, and each has a name;
    * a block is not wrapped in ``ResetInserter`` or ``EnableInserter`` (an instance has no registers of
      its own to transform): give it a port, or set :attr:`cleared_by`.

    Interface attributes
    --------------------
    latency : int
        Clock cycles from an input to the output that depends on it; 0 for combinational blocks.
    """

    latency: int = 0

    #: Name of the Verilog module; by default the class name in snake case.
    module_name: str | None = None

    #: Signal of the parent that resets the block beside the reset; to be set before the parent is elaborated.
    cleared_by: Value | None = None

    key: tuple[Any, ...]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = _record_arguments(cls.__init__)
        if "elaborate" in cls.__dict__:
            cls.elaborate = _keep_boundary(cls.elaborate)


def _record_arguments(init: Any) -> Any:
    signature = inspect.signature(init)

    @functools.wraps(init)
    def wrapper(self: Block, *args: Any, **kwargs: Any) -> None:
        if "key" not in self.__dict__:  # the outermost class of a hierarchy records, its bases do not
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            arguments = tuple(bound.arguments.items())[1:]
            self.__dict__["key"] = (type(self), _freeze(arguments))
        init(self, *args, **kwargs)

    return wrapper


def _freeze(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, dict):
        return tuple((name, _freeze(item)) for name, item in value.items())
    hash(value)
    return value


def _keep_boundary(elaborate: Any) -> Any:
    @functools.wraps(elaborate)
    def wrapper(self: Block, platform: Any) -> Any:
        if isinstance(platform, Exporter) and (stand_in := platform.boundary(self)) is not None:
            return stand_in
        inside = elaborate(self, platform)
        if self.cleared_by is None or isinstance(platform, Exporter):  # an instance gets it at its reset
            return inside
        return ResetInserter(self.cleared_by)(inside)

    return wrapper
