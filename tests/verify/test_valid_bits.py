"""Bits of a beat that mean something."""

from typing import Any

import pytest

from dotforge.stream.payload import Lanes, Payload
from dotforge.verify.valid_bits import gates, meant


def stream(*fields: Lanes) -> dict[str, Any]:
    return {"name": "sums", "fields": Payload(fields).describe()}


def test_a_flag_a_lane_and_a_flag_for_all() -> None:
    parts = gates(
        stream(
            Lanes("value", 4, True, "int4", 2, role="sum", when="valid"),
            Lanes("valid", 1, False, "uint1", 2, role="flag"),
            Lanes("bitmap", 1, False, "uint1", 2, role="bitmap", when="complete"),
            Lanes("complete", 1, False, "uint1", role="flag"),
        )
    )
    assert parts == ((0, 4, 8), (4, 4, 9), (10, 1, 12), (11, 1, 12))
    assert meant(parts, 0b0_00_00_0000_0000, 16) == 0b111_1_00_11_0000_0000
    assert meant(parts, 0b0_00_10_0000_0000, 16) == 0b111_1_00_11_1111_0000
    assert meant(parts, 0b1_00_01_0000_0000, 16) == 0b111_1_11_11_0000_1111


def test_without_flags_everything_means_something() -> None:
    assert gates(stream(Lanes("value", 4, True, "int4", 2, role="sum"))) == ()
    assert meant((), 0, 8) == 0xFF


def test_what_is_no_flag() -> None:
    for flag in (
        Lanes("valid", 2, False, "uint2", 4, role="flag"),
        Lanes("valid", 1, False, "uint1", 3, role="flag"),
    ):
        with pytest.raises(ValueError, match="value cannot wait for valid"):
            gates(stream(Lanes("value", 4, True, "int4", 4, role="sum", when="valid"), flag))
