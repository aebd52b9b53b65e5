"""The header of a packet, the same as in ``dotforge_golden.packet_format``, and what can be wrong with a packet."""

from collections.abc import Sequence
from enum import IntEnum

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib import data

from ...arithmetic.heap import Heap

__all__ = [
    "FORMAT_CODES",
    "HEADER_BITS",
    "MAGIC",
    "MEANINGS",
    "VERSION",
    "Cause",
    "Kind",
    "beat_layout",
    "check_width",
    "count_ones",
    "header_layout",
    "is_number",
    "pick",
]

MAGIC, VERSION, HEADER_BITS = 0x4644, 1, 256

#: Number format → its code.
FORMAT_CODES = {
    "int4": 1,
    "int8": 2,
    "int16": 3,
    "bf16": 4,
    "fp16": 5,
    "fp8_e4m3": 6,
    "fp8_e5m2": 7,
    "fp32": 16,
    "int32": 17,
    "int64": 18,
}


class Kind(IntEnum):
    """What a packet is for."""

    REGOR = 1
    STATIONARY = 2
    STREAMING = 3
    RESULT = 4


class Cause(IntEnum):
    """What was wrong with a packet; those below 16 are the engine's own."""

    #: No packet begins there, or its version is not known.
    MAGIC = 16
    #: Kind, number format, bytes of a beat or columns are not those of this engine.
    FORMAT = 17
    #: No rows, or more than the engine counts, or row numbers that it has not.
    SHAPE = 18
    #: Of another job than the one that runs.
    TAG = 19
    #: Another sequence number or kind was due.
    ORDER = 20
    #: ``tlast`` came before the packet's end.
    CUT_OFF = 21
    #: ``tlast`` did not come with the packet's last beat.
    TOO_LONG = 22
    #: Bitmaps have more or fewer set bits than the header says.
    COUNT = 23
    #: A byte of a beat was marked as none by ``tkeep``.
    KEEP = 24


#: What each cause means to who sent the packet.
MEANINGS = {
    Cause.MAGIC: "no packet begins there, or its version is not known",
    Cause.FORMAT: "kind, number format, bytes of a beat or columns are not those of this engine",
    Cause.SHAPE: "no rows, or more than the engine can count",
    Cause.TAG: "of another job than the one that runs",
    Cause.ORDER: "another sequence number, or another kind, was due",
    Cause.CUT_OFF: "tlast came before the packet's end",
    Cause.TOO_LONG: "tlast did not come with the packet's last beat",
    Cause.COUNT: "bitmaps have more or fewer set bits than the header says",
    Cause.KEEP: "tkeep marked a byte of a beat as none",
}


def header_layout() -> data.StructLayout:
    """Return the header's fields, from bit 0 of the packet on."""
    return data.StructLayout(
        {
            "magic": 16,
            "version": 8,
            "kind": 8,
            "format": 8,
            "flags": 8,
            "tag": 16,
            "row": 32,
            "column": 32,
            "rows": 32,
            "columns": 32,
            "values": 32,
            "sequence": 16,
            "beat": 8,
            "reserved": 8,
        }
    )


def beat_layout(data_width: int) -> data.StructLayout:
    """Return what a beat of a packet is: its bytes, which of them are there, and whether it is the last one."""
    return data.StructLayout({"data": data_width, "keep": data_width // 8, "last": 1})


def check_width(data_width: int) -> None:
    """Refuse a width that packets do not have.

    Raises
    ------
    ValueError
        ``data_width`` is no power of two from 64 to 1024.
    """
    if data_width not in (64, 128, 256, 512, 1024):
        raise ValueError(f"data_width={data_width}: allowed 64, 128, 256, 512, 1024")


def is_number(value: Value, number: int) -> Value:
    """Tell whether a value is a number: a comparison with zero that lint tools take as one.

    Parameters
    ----------
    value : unsigned
    number : 0 or more
    """
    return value == number if number else ~value.any()


def pick(words: Sequence[Value], index: Value) -> Value:
    """Return the word of a number; all have one width.

    Parameters
    ----------
    words : word 0 first
    index : unsigned
    """
    if len(words) == 1:
        return words[0]
    width = len(words[0])
    found: Value = Const(0, width)
    for number, word in enumerate(words):
        found = found | (word & is_number(index, number).replicate(width))
    return found


def count_ones(m: Module, name: str, bits: Value) -> Value:
    """Return the number of set bits.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    bits : any number of them
    """
    if len(bits) == 1:
        return Cat(bits, Const(0, 1))[:1]
    heap = Heap(len(bits).bit_length())
    for bit in bits:
        heap.add_bit(bit, 0)
    return heap.compress(m, name=name)[0]
