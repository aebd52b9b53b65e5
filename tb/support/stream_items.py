"""What a stream promises where pauses decide which items share a beat (``regroups`` in the manifest).

An item is what goes with one lane of a flag: the fields that wait for it (``when``). Each lane's items come in order,
and each before or with the ``tlast`` that ends its packet. Which items of different lanes are in a beat is nobody's
business.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Items", "lanes"]

#: An item: number of its packet, and the values of its fields.
Item = tuple[int, tuple[int, ...]]


def lanes(stream: Mapping[str, Any]) -> dict[str, tuple[int, list[tuple[int, int]]]]:
    """Return the lanes of all flags by name: bit of the flag, and offset and width of what goes with it.

    Raises
    ------
    ValueError
        A field is neither a flag nor waits for one.
    """
    fields = {field["name"]: field for field in stream["fields"]}
    flags = dict.fromkeys(field["when"] for field in stream["fields"] if field.get("when"))
    if stray := [name for name, field in fields.items() if name not in flags and not field.get("when")]:
        raise ValueError(f"{stream['name']}: {', '.join(stray)} belongs to no item")
    found = {}
    for name in flags:
        flag = fields[name]
        for lane in range(flag["lanes"]):
            parts = []
            for field in stream["fields"]:
                if field.get("when") == name:
                    own = [lane] if flag["lanes"] > 1 else range(field["lanes"])
                    parts += [(field["offset"] + each * field["width"], field["width"]) for each in own]
            found[f"{name}[{lane}]"] = (flag["offset"] + lane, parts)
    return found


class Items:
    """Items of a stream, lane by lane.

    Parameters
    ----------
    stream : its description in the manifest
    beats : tdata and tlast
    """

    def __init__(self, stream: Mapping[str, Any], beats: Iterable[tuple[int, bool]] = ()) -> None:
        self._lanes = lanes(stream)
        self.items: dict[str, list[Item]] = {name: [] for name in self._lanes}
        self.packets = 0
        for data, last in beats:
            self.add(data, last)

    def add(self, data: int, last: bool) -> None:
        """Take a beat."""
        for name, (flag, parts) in self._lanes.items():
            if data >> flag & 1:
                values = tuple(data >> offset & (1 << width) - 1 for offset, width in parts)
                self.items[name].append((self.packets, values))
        self.packets += bool(last)

    @property
    def count(self) -> int:
        """Return how many items there are."""
        return sum(map(len, self.items.values()))

    def within(self, other: "Items") -> bool:
        """Tell whether another one has at least as many items in each lane, and packets."""
        return self.packets <= other.packets and all(
            len(own) <= len(other.items[name]) for name, own in self.items.items()
        )

    def compare(self, other: "Items") -> Iterator[tuple[tuple[str, int], tuple[Item, Item]]]:
        """Yield lane and number of each item, it and the other's."""
        for name, own in self.items.items():
            for number, pair in enumerate(zip(own, other.items[name], strict=False)):
                yield (name, number), pair

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Items) and (self.items, self.packets) == (other.items, other.packets)

    __hash__ = None  # pyright: ignore[reportAssignmentType] - it changes
