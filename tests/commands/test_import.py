"""``dotforge import``, and what comes of its reports."""

from pathlib import Path
from typing import Any

from ..reports.vendor_texts import VIVADO_TIMING, VIVADO_UTILISATION, vivado


def test_reports_are_compared_with_limits(dotforge: Any, tmp_path: Path) -> None:
    """As in a pull request: the vendor's figures of the merged and of the proposed design."""
    for name, luts in (("old", "1234"), ("new", "1300")):
        (tmp_path / "util.rpt").write_text(vivado(VIVADO_UTILISATION).replace("1234", luts))
        (tmp_path / "timing.rpt").write_text(vivado(VIVADO_TIMING))
        result = dotforge("import", "util.rpt", "timing.rpt", "-o", f"{name}.json")
        assert result.code == 0 and f"LUTs: {int(luts):,}" in result.out
    assert dotforge("compare", "old.json", "new.json", "--fail-on", "luts>+10%").code == 0
    result = dotforge("compare", "old.json", "new.json", "--fail-on", "luts>+5%", "--fail-on", "fmax<-1%")
    assert result.code == 1 and "luts" in result.err + result.out
    result = dotforge("compare", "old.json", "new.json", "--fail-on", "area>+1%")
    assert result.code == 2, "an FPGA's report has no area"
    # What fails leaves no report that could be taken for one.
    result = dotforge("import", "timing.rpt", "-o", "new.json")
    assert (result.code, result.err.count("\n")) == (2, 1)
    result = dotforge("compare", "old.json", "new.json")
    assert result.code == 2 and "holds no report: `dotforge import`" in result.err
    result = dotforge("import", "old.json", "-o", "old.json")
    assert result.code == 2 and "reads or writes it as something else" in result.err
    assert dotforge("import", "util.rpt", "--design", "x", "--name", "y", "-o", "z.json").code == 2
