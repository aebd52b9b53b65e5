"""Tables as Markdown."""

import pytest

from dotforge.pictures.markdown import table


def test_a_table() -> None:
    found = table(["unit", "lanes", "a|b"], [["x", 1, None], ["y|z", 2, "3"]])
    assert found == ["| unit | lanes | a\\|b |", "| --- | ---: | ---: |", "| x | 1 |  |", "| y\\|z | 2 | 3 |"]
    assert table(["a", "b", "c"], [], align="rl")[1] == "| ---: | --- | --- |"


def test_a_row_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a table of 2 columns has a row of 1 cells$"):
        table(["a", "b"], [["x"]])
