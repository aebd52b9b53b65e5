"""The paper's Fig. 5: what the RTL's signals show at each step, and the page that says so."""

from pathlib import Path

from dotforge.figures.walkthrough import observe, page

PAGE = Path(__file__).parents[2] / "docs" / "flexdpe_walkthrough.md"


def test_walkthrough(tmp_path: Path) -> None:
    seen, compared = observe(tmp_path)
    assert compared > 40
    assert page(seen) == PAGE.read_text(encoding="utf-8")
