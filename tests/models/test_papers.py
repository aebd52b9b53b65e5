"""Every number that the papers print: its status is pinned, so that a formula that changes is noticed."""

from collections import Counter
from pathlib import Path

import pytest

from dotforge.figures.papers import page
from dotforge_sim.models.papers import Printed, checked, entries

ROOT = Path(__file__).parent.parent.parent


def test_enough_of_them_and_enough_derived() -> None:
    counts = Counter(checked(each).status for listed in entries().values() for each in listed)
    assert sum(counts.values()) >= 120
    derived = counts["reproduced"] + counts["derived otherwise"]
    assert derived >= 0.8 * sum(counts.values())
    assert counts["reproduced"] > counts["derived otherwise"]


def test_the_page_is_what_the_command_writes() -> None:
    """It holds every number that a formula gives to four digits: one that changes is seen here."""
    assert (ROOT / "docs/papers.md").read_text(encoding="utf-8") == page()


def test_what_is_not_derivable_says_what_is_missing() -> None:
    for listed in entries().values():
        for each in listed:
            assert each.how
            assert each.within <= 0.1, each.what


@pytest.mark.parametrize(
    ("value", "bound", "ours", "status"),
    [
        (10, "", 10.2, "reproduced"),
        (10, "", 10.3, "derived otherwise"),
        (10, "<", 9, "reproduced"),
        (10, "<", 10, "derived otherwise"),
        (10, ">", 11, "reproduced"),
        (-10, "", -9.8, "reproduced"),
    ],
)
def test_status(value: float, bound: str, ours: float, status: str) -> None:
    assert checked(Printed("", "", value, "", lambda: ours, "", bound)).status == status
