"""Combinational paths from ports to ports, found in the netlist.

From each output the netlist is walked back, bit by bit, to registers and to the inputs that reach it without one; of
a module that is there many times it is kept. A path is one of the structure: whether any values make it matter is
not asked.
"""

from collections.abc import Sequence

from .netlist import Bit, Cell, Module, Netlist

__all__ = ["port_paths"]

#: Cells whose output bit depends on the same bit of each word alone.
_BITWISE = {"$and", "$or", "$xor", "$xnor", "$not", "$pos"}
#: … on that and on all lower ones.
_CARRIES = {"$add", "$sub", "$neg"}
#: … on that of ``A`` and ``B``, or of every part of ``B`` for ``$pmux``, and on all of ``S``.
_CHOICES = {"$mux", "$pmux"}
#: … on all bits of all words.
_WHOLE = {
    "$reduce_and", "$reduce_or", "$reduce_xor", "$reduce_xnor", "$reduce_bool", "$logic_not", "$logic_and",
    "$logic_or", "$eq", "$ne", "$eqx", "$nex", "$lt", "$le", "$gt", "$ge", "$shl", "$shr", "$sshl", "$sshr",
    "$shift", "$shiftx", "$mul", "$div", "$mod", "$pow", "$bmux", "$demux",
}  # fmt: skip
#: … on none: all changes come with the clock.
_REGISTERS = {"$dff", "$dffe", "$sdff", "$sdffe", "$sdffce"}


def port_paths(netlist: Netlist) -> list[tuple[str, str]]:
    """Return (input, output) of every combinational path through the top module, in the order of the names.

    Raises
    ------
    ValueError
        There is a cell of a type that is not known here.
    """
    top, walk = netlist.top, _Walk(netlist)
    sources = {port: 0 for port in top.inputs}
    for number, (port, _) in enumerate(top.input_places.values()):
        sources[port] |= 1 << number
    targets = {port: [walk.reached(top, bit) for bit in bits] for port, bits in top.outputs.items()}
    return sorted(
        (source, target)
        for source, mask in sources.items()
        for target, found in targets.items()
        if any(mask & inputs for inputs in found)
    )


class _Walk:
    """Sets of a module's input bits, as integers with a bit for each of them; only those that are asked for."""

    def __init__(self, netlist: Netlist) -> None:
        self.modules = netlist.modules
        self._reached = {
            name: {bit: 1 << number for number, bit in enumerate(module.input_places)}
            for name, module in netlist.modules.items()
        }
        self._places: dict[tuple[str, int], list[tuple[str, int]]] = {}

    def reached(self, module: Module, bit: Bit) -> int:
        """Return the input bits that reach a bit of a module."""
        found: dict[Bit, int] = self._reached[module.name]
        if bit not in found:
            order, loops = self._order(module, bit)
            changes = True
            while changes:
                changes = False
                for driven, sources in order:
                    mask = 0
                    for source in sources:
                        mask |= found.get(source, 0)
                    changes |= loops and found.get(driven) != mask
                    found[driven] = mask
        return found.get(bit, 0)

    def _order(self, module: Module, last: Bit) -> tuple[list[tuple[Bit, Sequence[Bit]]], bool]:
        """Return bits and what drives them, drivers first, and whether some drive each other."""
        order: list[tuple[Bit, Sequence[Bit]]] = []
        opened: dict[Bit, Sequence[Bit]] = {}
        found, closed = self._reached[module.name], set()
        loops = False
        stack = [last]
        while stack:
            bit = stack[-1]
            if isinstance(bit, str) or bit in closed or bit in found:
                stack.pop()
            elif bit in opened:
                stack.pop()
                closed.add(bit)
                order.append((bit, opened[bit]))
            else:
                sources = self._sources(module, bit)
                opened[bit] = sources
                loops = loops or any(source in opened and source not in closed for source in sources)
                stack += [source for source in sources if source not in opened]
        return order, loops

    def _sources(self, module: Module, bit: Bit) -> Sequence[Bit]:
        """Return what a bit depends on in this cycle."""
        if bit not in module.drivers:
            return ()
        cell, port, place = module.drivers[bit]
        if not cell.is_instance:
            return _of_primitive(cell, place)
        child = self.modules[cell.type]
        mask = self.reached(child, child.outputs[port][place])
        return [cell.connections[name][index] for name, index in self._inputs(child, mask)]

    def _inputs(self, module: Module, mask: int) -> list[tuple[str, int]]:
        """Return port and place of the input bits of a set."""
        if (module.name, mask) not in self._places:
            digits = f"{mask:b}"[::-1]
            self._places[module.name, mask] = [
                place
                for place, digit in zip(module.input_places.values(), digits, strict=False)
                if digit == "1"
            ]
        return self._places[module.name, mask]


def _of_primitive(cell: Cell, place: int) -> Sequence[Bit]:
    kind, words = cell.type, [bits for port, bits in cell.connections.items() if port not in cell.outputs]
    if kind in _REGISTERS:
        return ()
    if kind in _BITWISE:
        # A word that is shorter is extended with its sign, or with zeros.
        return [word[min(place, len(word) - 1)] for word in words if word]
    if kind in _CARRIES:
        return [bit for word in words for bit in word[: place + 1]]
    if kind in _CHOICES:
        size = len(cell.connections["Y"])
        return [
            *cell.connections["A"][place::size],
            *cell.connections["B"][place::size],
            *cell.connections["S"],
        ]
    if kind in _WHOLE:
        return [bit for word in words for bit in word]
    if kind.startswith("$mem"):
        return _of_memory(cell, place)
    raise ValueError(f"cell {cell.name} of the netlist is a {kind}, whose paths are not known")


def _of_memory(cell: Cell, place: int) -> Sequence[Bit]:
    """Return the address of a read port that has no clock."""
    width, clocked = cell.parameters["WIDTH"], cell.parameters["RD_CLK_ENABLE"]
    address_bits = cell.parameters["ABITS"]
    assert isinstance(width, int)
    assert isinstance(clocked, int)
    assert isinstance(address_bits, int)
    port = place // width
    if clocked >> port & 1:
        return ()
    return cell.connections["RD_ADDR"][port * address_bits : (port + 1) * address_bits]
