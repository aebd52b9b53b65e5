"""The rules of streams, and items of streams that regroup, on traces written by hand."""

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from dotforge.tools.files import data_directory
from dotforge.verify.valid_bits import lanes


def support(name: str) -> ModuleType:
    """Return a module of the bench kit, which needs no simulator."""
    spec = importlib.util.spec_from_file_location(name, data_directory("tb") / "support" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rules, items = support("stream_rules"), support("stream_items")


def field(name: str, offset: int, width: int, count: int = 1, when: str = "") -> dict[str, Any]:
    found = {"name": name, "offset": offset, "width": width, "lanes": count, "signed": False}
    return {**found, "when": when} if when else found


#: Two lanes of two bits with a flag each, and a bit for all with a flag of its own.
STREAM = {
    "name": "sums",
    "tdata_width": 8,
    "fields": [
        field("value", 0, 2, 2, "valid"), field("valid", 4, 1, 2), field("end", 6, 1, 1, "done"), field("done", 7, 1),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        ([("1", False, "0", "00000000"), ("0", False, "0", "00000000")], "tvalid fell before tready"),
        ([("1", False, "0", "00000000"), ("1", True, "0", "00000001")], "tdata changed before tready"),
        ([("1", False, "0", "00000000"), ("1", True, "1", "00000000")], "tlast changed before tready"),
        ([("1", False, "0", "0000000X"), ("1", True, "0", "00000000")], "tdata changed before tready"),
        ([("X", True, "0", "00000000")], "tvalid is X"),
    ],
)
def test_broken_rules(trace: list[tuple[str, bool, str, str]], message: str) -> None:
    checker = rules.StreamRules(STREAM)
    with pytest.raises(rules.BrokenRule, match=f"sums: {message}"):
        for edge in trace:
            checker.edge(*edge)


def test_kept_rules() -> None:
    checker = rules.StreamRules(STREAM)
    trace = [
        ("0", False, "X", "XXXXXXXX"), ("1", False, "1", "1100ZZ01"), ("1", True, "1", "1100ZZ01"),
        ("1", True, "0", "00000000"), ("0", True, "0", "00000000"),
    ]  # fmt: skip
    assert [checker.edge(*edge) for edge in trace] == [False, False, True, True, False]
    with pytest.raises(rules.BrokenRule, match="tvalid is high in reset"):
        checker.edge("1", False, "0", "00000000", reset=True)


def test_bits_that_mean_nothing_are_zeros() -> None:
    checker = rules.StreamRules(STREAM)
    assert checker.meant("1", "0X01XX10") == (0b00010010, True)
    assert checker.meant("0", "01101111") == (0b00101100, False)
    with pytest.raises(rules.BrokenRule, match="unknown bits in tdata"):
        checker.meant("0", "0010X001")
    with pytest.raises(rules.BrokenRule, match="unknown bits in tdata"):
        checker.meant("0", "X0000000")


def test_items_do_not_know_of_beats() -> None:
    apart = [(0b00010001, False), (0b00100100, False), (0b11000000, True), (0b00010010, True)]
    together = [(0b11110101, True), (0b00010010, True)]
    first, second = items.Items(STREAM, apart), items.Items(STREAM, together)
    assert first == second
    assert first.items == {
        "valid[0]": [(0, (1,)), (1, (2,))],
        "valid[1]": [(0, (1,))],
        "done[0]": [(0, (1,))],
    }
    late = items.Items(STREAM, [(0b00010001, True), (0b11100100, True), (0b00010010, False)])
    assert late.items["valid[1]"] == [(1, (1,))]
    assert late != first
    assert items.Items(STREAM, apart[:1]).within(first)
    assert not first.within(items.Items(STREAM, apart[:3]))


def test_the_kit_and_dotforge_agree_on_lanes() -> None:
    ours = [(lane.flag, list(lane.parts)) for lane in lanes(STREAM)]
    assert ours == list(items.lanes(STREAM).values())
