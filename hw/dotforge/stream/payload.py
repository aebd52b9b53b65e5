"""Payloads of streams: named fields, their place in ``tdata``, and what a stranger must know about them."""

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any

from amaranth.lib import data

from ..formats.table import FloatFormat, Format

__all__ = ["ROLES", "Lanes", "PacketField", "Payload", "code_values", "elements"]

#: What a field is there for.
ROLES = {
    "element": "a number that products are made of, or that a vector holds",
    "scale": "a number that all elements of a block or a vector are multiplied by",
    "bias": "what a sum starts from",
    "sum": "a sum of products",
    "bitmap": "a bit a position, or a slot",
    "id": "what a row is called",
    "index": "the place of something, from 0 on",
    "count": "how many of something there are",
    "flag": "true or false",
    "setting": "a piece of a packet, see there",
}

#: Attributes of a field that a manifest leaves out where they are empty.
_LEFT_OUT = ("meaning", "encoding", "values", "when")

#: Codes of more bits have no table.
_TABLE_BITS = 12


def code_values(value: Callable[[int], float], width: int) -> tuple[float | str, ...]:
    """Return what the codes 0, 1, … of a format stand for.

    Parameters
    ----------
    value : of a code
    width : of a code, bits; over 12 of them the table is empty

    Returns
    -------
    Numbers; ``"nan"``, ``"inf"`` and ``"-inf"``, which JSON has no numbers for, are text.
    """
    if width > _TABLE_BITS:
        return ()
    numbers = (float(value(code)) for code in range(1 << width))
    return tuple(number if math.isfinite(number) else str(number) for number in numbers)


@dataclass(frozen=True)
class Lanes:
    """A field of a payload.

    Parameters
    ----------
    name : field name
    width : bits of one lane
    signed : two's complement
    format : number format alone, as in ``int4``, ``uint1``, ``fp32`` or ``dally3``
    lanes : how many lie side by side, lane 0 in the low bits
    meaning : one line for manifest and datasheet
    role : one of :data:`ROLES`
    unit : power of two: the number is what the format says times 2^unit
    encoding : how a code is read, where the format's name does not tell
    values : of the codes 0, 1, …, where the format is a code (see :func:`code_values`)
    when : field of one bit, of as many lanes or of one, that has to be set for this one to mean anything

    Raises
    ------
    ValueError
        ``role`` is none of :data:`ROLES`.
    """

    name: str
    width: int
    signed: bool
    format: str
    lanes: int = 1
    meaning: str = ""
    _: KW_ONLY
    role: str
    unit: int = 0
    encoding: str = ""
    values: tuple[float | str, ...] = ()
    when: str = ""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role of {self.name}: one of {', '.join(ROLES)} is wanted, not {self.role}")


def elements(name: str, number: Format, lanes: int, meaning: str, *, unit: int = 0) -> Lanes:
    """Return the field of elements of a format, with what their codes stand for.

    Parameters
    ----------
    name : of the field
    number : format of an element
    lanes : how many lie side by side
    meaning : one line for manifest and datasheet
    unit : power of two: an element is what its format says times 2^unit
    """
    told: dict[str, Any] = {"unit": unit}
    if isinstance(number, FloatFormat):
        told |= {"encoding": number.encoding, "values": code_values(number.value, number.width)}
    signed = not isinstance(number, FloatFormat)
    return Lanes(name, number.width, signed, number.name.lower(), lanes, meaning, role="element", **told)


@dataclass(frozen=True)
class PacketField:
    """A field of a packet: of all beats of a stream up to ``tlast``.

    Parameters
    ----------
    name : field name
    meaning : one line for manifest and datasheet
    bits : (beat of the packet, bit of ``tdata``) of each bit, in order
    labels : what each bit is for, as many as there are bits
    """

    name: str
    meaning: str
    bits: tuple[tuple[int, int], ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Payload:
    """Fields from bit 0 up, without gaps; ``last`` adds ``tlast`` to the stream.

    Parameters
    ----------
    fields : in order from the low bits
    last : whether the stream has ``tlast``
    meaning : one line for manifest and datasheet: what a beat is, and when one is due
    packet : what the beats up to ``tlast`` hold together, where a field goes over several of them
    regroups : pauses decide which items share a beat, where an item is what goes with a lane of a flag (``when`` of
        the fields). What is promised is each lane's items in order, and the ``tlast`` that each comes before or with
    keep : whether the stream has ``tkeep``; inside an engine ``tdata`` is bytes of packets then
    power_of_two : whether ``tdata`` is padded to a power of two
    joins : name and payload of the streams that are joined in this one, side by side, each from a byte on; ``fields``
        are theirs, in order
    """

    fields: tuple[Lanes, ...]
    last: bool = False
    meaning: str = ""
    packet: tuple[PacketField, ...] = ()
    regroups: bool = False
    keep: bool = False
    power_of_two: bool = False
    joins: tuple[tuple[str, "Payload"], ...] = ()

    @property
    def offsets(self) -> dict[str, int]:
        """Bit of ``tdata`` from which on each field lies."""
        starts, first = set(), 0
        for _, payload in self.joins:
            starts.add(first)
            first += len(payload.fields)
        found, offset = {}, 0
        for number, field in enumerate(self.fields):
            offset = -(-offset // 8) * 8 if number in starts else offset
            found[field.name] = offset
            offset += field.width * field.lanes
        return found

    @property
    def width(self) -> int:
        """Bits up to the end of the last field."""
        last = self.fields[-1]
        return self.offsets[last.name] + last.width * last.lanes

    @property
    def tdata_width(self) -> int:
        """Bits of ``tdata``: whole bytes, as AXI-Stream asks, or a power of two."""
        whole = max(8, -(-self.width // 8) * 8)
        return 1 << (whole - 1).bit_length() if self.power_of_two else whole

    def layout(self) -> data.StructLayout:
        """Shape inside the engine: a flat field each, then ``keep``, then ``last``."""
        members: dict[str, int] = {}
        end = 0
        for field in self.fields:
            if gap := self.offsets[field.name] - end:
                members[f"ahead_of_{field.name}"] = gap
            members[field.name] = field.width * field.lanes
            end += gap + field.width * field.lanes
        if self.keep:
            members["keep"] = self.tdata_width // 8
        if self.last:
            members["last"] = 1
        return data.StructLayout(members)

    def describe(self) -> list[dict[str, Any]]:
        """Fields for a manifest."""
        rows, offsets = [], self.offsets
        for field in self.fields:
            row = {**asdict(field), "values": list(field.values)}
            row = {key: value for key, value in row.items() if value or key not in _LEFT_OUT}
            rows.append({"name": row.pop("name"), "offset": offsets[field.name], **row})
        return rows

    def describe_joins(self) -> list[dict[str, Any]]:
        """Return the joined streams for a manifest: what each is by itself, and from which bit on it lies here."""
        rows, first = [], 0
        for name, payload in self.joins:
            offset = self.offsets[self.fields[first].name]
            rows.append(
                {
                    "name": name,
                    "offset": offset,
                    "tdata_width": payload.tdata_width,
                    "tlast": payload.last,
                    "fields": payload.describe(),
                }
            )
            first += len(payload.fields)
        return rows

    def describe_packet(self) -> dict[str, Any]:
        """Return beats and fields of a packet for a manifest."""
        return {
            "beats": 1 + max(beat for field in self.packet for beat, _ in field.bits),
            "fields": [
                {
                    "name": field.name,
                    "meaning": field.meaning,
                    "bits": [
                        {"beat": beat, "bit": bit, "of": label}
                        for (beat, bit), label in zip(field.bits, field.labels, strict=True)
                    ],
                }
                for field in self.packet
            ],
        }
