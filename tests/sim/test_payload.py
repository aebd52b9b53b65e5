"""Packing fields into beats."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dotforge_sim.simulator.payload import pack, unpack

SEED = 5


def stream(*fields, width=None):
    """Return a manifest's stream from (name, width, signed, lanes), without gaps."""
    described, offset = [], 0
    for name, bits, signed, lanes in fields:
        described.append({"name": name, "offset": offset, "width": bits, "signed": signed, "lanes": lanes})
        offset += bits * lanes
    return {"name": "x", "tdata_width": width or offset, "fields": described}


def reference(described, values, row):
    """Return the beat of one row as an integer, by Python arithmetic."""
    data = 0
    for field in described["fields"]:
        lanes = np.reshape(values[field["name"]][row], -1)
        for lane in range(field["lanes"]):
            if field["width"] > 64:
                value = int.from_bytes(
                    values[field["name"]][row].reshape(field["lanes"], -1)[lane].tobytes(), "little"
                )
            else:
                value = int(lanes[lane]) & ((1 << field["width"]) - 1)
            data |= value << (field["offset"] + lane * field["width"])
    return data


@given(
    fields=st.lists(st.tuples(st.integers(1, 80), st.booleans(), st.integers(1, 5)), min_size=1, max_size=4),
    gap=st.integers(0, 20),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_round_trip(fields, gap, seed):
    random = np.random.default_rng(seed)
    described = stream(*((f"f{i}", *field) for i, field in enumerate(fields)))
    described["tdata_width"] += gap
    values = {}
    for name, (width, signed, lanes) in zip(["f0", "f1", "f2", "f3"], fields, strict=False):
        if width > 64:
            size = -(-width // 8)
            array = random.integers(0, 256, (7, lanes, size), dtype=np.uint8)
            array[..., -1] &= 0xFF >> (-width % 8)
        elif signed:
            array = random.integers(-(1 << (width - 1)), (1 << (width - 1)) - 1, (7, lanes), endpoint=True)
        else:
            array = random.integers(0, (1 << width) - 1, (7, lanes), endpoint=True, dtype=np.uint64)
        values[name] = array[:, 0] if lanes == 1 else array
    beats = pack(described, values)
    for row in range(7):
        assert int.from_bytes(beats[row].tobytes(), "little") == reference(described, values, row)
    back = unpack(described, beats)
    for name, array in values.items():
        assert np.array_equal(back[name], array)


def test_types_of_unpacked_fields():
    described = stream(("a", 4, True, 1), ("b", 64, False, 2), ("c", 100, False, 1))
    beats = np.full((2, 30), 0xFF, np.uint8)
    back = unpack({**described, "tdata_width": 240}, beats)
    assert (back["a"].dtype, back["a"].tolist()) == (np.int64, [-1, -1])
    assert (back["b"].dtype, back["b"].tolist()) == (np.uint64, [[2**64 - 1] * 2] * 2)
    assert (back["c"].dtype, back["c"].shape) == (np.uint8, (2, 13))


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"a": [8], "b": [[0, 0]]}, ValueError, r"a: 8 does not fit in 4 bits \(-8 to 7\)"),
        ({"a": [-9], "b": [[0, 0]]}, ValueError, "a: -9 does not fit"),
        ({"a": np.array([1 << 40]), "b": [[0, 0]]}, ValueError, "a: 1099511627776 does not fit"),
        ({"a": [0], "b": [[0, -1]]}, ValueError, r"b: -1 does not fit in 3 bits \(0 to 7\)"),
        ({"a": [0], "b": np.array([[0, 8]], np.uint64)}, ValueError, "b: 8 does not fit"),
        ({"a": [0.0], "b": [[0, 0]]}, TypeError, "a: integers are wanted, not float64"),
        ({"a": [0], "b": [0]}, ValueError, r"b: a row of 2 lanes a beat is wanted, not shape \[1\]"),
        ({"a": [0, 1], "b": [[0, 0]]}, ValueError, "x: fields have different numbers of beats"),
        ({"a": [0]}, ValueError, "x: no value for b"),
        ({"a": [0], "b": [[0, 0]], "c": [0]}, ValueError, "x: no field c; it has a, b"),
    ],
)
def test_wrong_values(values, error, message):
    with pytest.raises(error, match=message):
        pack(stream(("a", 4, True, 1), ("b", 3, False, 2)), values)


def test_wrong_beats():
    with pytest.raises(ValueError, match=r"x: beats are uint8\[n, 2\], not uint8\[3, 3\]"):
        unpack(stream(("a", 9, True, 1)), np.zeros((3, 3), np.uint8))


def test_wide_values_are_checked():
    described = stream(("a", 65, False, 1))
    with pytest.raises(ValueError, match="a: bits above the 65 of a value are set"):
        pack(described, {"a": np.full((1, 9), 2, np.uint8)})
    with pytest.raises(ValueError, match=r"a: uint8\[n, 1, 9\] is wanted"):
        pack(described, {"a": [1]})


@pytest.mark.parametrize("width", [4, 8])
def test_fast(width):
    random = np.random.default_rng(SEED)
    described = stream(("a", width, True, 16), width=16 * width)
    values = random.integers(-(1 << (width - 1)), 1 << (width - 1), (100_000, 16))
    started = time.process_time()
    back = unpack(described, pack(described, {"a": values}))["a"]
    assert time.process_time() - started < 2
    assert np.array_equal(back, values)
