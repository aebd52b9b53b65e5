"""Payloads of streams: named fields, their place in ``tdata``, and what a stranger must know about them."""

from dataclasses import asdict, dataclass
from typing import Any

from amaranth.lib import data

__all__ = ["Lanes", "Payload"]


@dataclass(frozen=True)
class Lanes:
    """A field of a payload.

    Parameters
    ----------
    name : field name
    width : bits of one lane
    signed : two's complement
    format : number format, as in ``int4`` or ``dally3``
    lanes : how many lie side by side, lane 0 in the low bits
    meaning : one line for manifest and datasheet
    values : of the codes 0, 1, …, where the format is a code
    when : field of one bit, of as many lanes or of one, that has to be set for this one to mean anything
    """

    name: str
    width: int
    signed: bool
    format: str
    lanes: int = 1
    meaning: str = ""
    values: tuple[float, ...] = ()
    when: str = ""


@dataclass(frozen=True)
class Payload:
    """Fields from bit 0 up, without gaps; ``last`` adds ``tlast`` to the stream.

    Parameters
    ----------
    fields : in order from the low bits
    last : whether the stream has ``tlast``
    meaning : one line for manifest and datasheet: what a beat is, and when one is due
    """

    fields: tuple[Lanes, ...]
    last: bool = False
    meaning: str = ""

    @property
    def width(self) -> int:
        """Bits of all fields."""
        return sum(field.width * field.lanes for field in self.fields)

    @property
    def tdata_width(self) -> int:
        """Bits of ``tdata``: whole bytes, as AXI-Stream asks."""
        return max(8, -(-self.width // 8) * 8)

    def layout(self) -> data.StructLayout:
        """Shape inside the engine: a flat field each, then ``last``."""
        members: dict[str, int] = {field.name: field.width * field.lanes for field in self.fields}
        if self.last:
            members["last"] = 1
        return data.StructLayout(members)

    def describe(self) -> list[dict[str, Any]]:
        """Fields for a manifest."""
        rows, offset = [], 0
        for field in self.fields:
            row = {**asdict(field), "values": list(field.values)}
            row = {
                key: value for key, value in row.items() if value or key not in ("meaning", "values", "when")
            }
            rows.append({"name": row.pop("name"), "offset": offset, **row})
            offset += field.width * field.lanes
        return rows
