"""Which bits of a beat mean anything: fields of a payload may wait for the flag of another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Lane", "gates", "lanes", "meant"]


@dataclass(frozen=True)
class Lane:
    """A lane of a flag, and what goes with it.

    Attributes
    ----------
    name : flag and lane
    flag : bit of ``tdata``
    parts : offset and width of each field that means something with the flag, in order
    """

    name: str
    flag: int
    parts: tuple[tuple[int, int], ...]


def lanes(stream: Mapping[str, Any]) -> list[Lane]:
    """Return the lanes of all flags of a stream whose items may regroup.

    Parameters
    ----------
    stream : of a manifest
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for offset, width, bit in gates(stream):
        found.setdefault(bit, []).append((offset, width))
    names = {
        field["offset"] + lane: f"{field['name']}_{lane}"
        for field in stream["fields"]
        if field["width"] == 1
        for lane in range(field["lanes"])
    }
    return [Lane(names[bit], bit, tuple(parts)) for bit, parts in sorted(found.items())]


def gates(stream: Mapping[str, Any]) -> tuple[tuple[int, int, int], ...]:
    """Return the parts of ``tdata`` that mean something only with a flag: (offset, width, bit of the flag).

    Parameters
    ----------
    stream : of a manifest

    Raises
    ------
    ValueError
        A flag has more than one bit, or neither one lane nor as many as the field that waits for it.
    """
    fields = {field["name"]: field for field in stream["fields"]}
    found = []
    for field in stream["fields"]:
        if not field.get("when"):
            continue
        flag = fields[field["when"]]
        if flag["width"] != 1 or flag["lanes"] not in (1, field["lanes"]):
            raise ValueError(f"{stream['name']}: {field['name']} cannot wait for {flag['name']}")
        for lane in range(field["lanes"]):
            bit = flag["offset"] + (lane if flag["lanes"] > 1 else 0)
            found.append((field["offset"] + lane * field["width"], field["width"], bit))
    return tuple(found)


def meant(parts: tuple[tuple[int, int, int], ...], data: int, width: int) -> int:
    """Return a mask of the bits of a beat that mean something.

    Parameters
    ----------
    parts : of :func:`gates`
    data : the beat
    width : of ``tdata``
    """
    mask = (1 << width) - 1
    for offset, size, bit in parts:
        if not data >> bit & 1:
            mask &= ~(((1 << size) - 1) << offset)
    return mask
