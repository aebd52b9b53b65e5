"""The figures of block formats."""

import pytest

from dotforge.figures import mxdot as figures_mxdot


def test_collects_and_writes_tables() -> None:
    lanes = figures_mxdot.lanes(["nvfp4", "mxfp8_e4m3"])
    assert lanes[0]["product"] < lanes[0]["lane"] < 430
    assert lanes[1]["lane"] is None
    exact = figures_mxdot.exact_macs((1,))
    (block,) = figures_mxdot.collect(["nvfp4"])
    assert block["core"] < block["engine"] < 1.1 * block["core"]
    assert sum(block["parts"].values()) == pytest.approx(block["core"], rel=0.05)
    formats = figures_mxdot.representation(["mxfp4", "nvfp4"], (32, 64))
    assert len(formats) == 6
    engines = [{"choice": "default", "lanes": 16, "transistors": 160, "registers": 4}]
    text = figures_mxdot.table(
        {"lanes": lanes, "exact": exact, "blocks": [block], "engines": engines, "formats": formats}
    )
    assert f"| nvfp4 | 8 | {lanes[0]['product']} | {lanes[0]['lane']} |" in text
    assert f"| nvfp4 | 16 | {block['core'] / 16:.1f} | " in text
    assert "| default | 160 | 4 | 10.0 |" in text
    assert "| nvfp4 | 4.5 | even | " in text


def test_ratios_of_formats() -> None:
    """More bits represent numbers better and, of 4 bits, shorter blocks."""
    drawn = figures_mxdot.matrices((64, 256))
    found = {format: figures_mxdot.ratios(format, "even", drawn) for format in figures_mxdot.ELEMENTS}
    for name in drawn:
        assert found["nvfp4"][name] > found["mxfp4"][name]
        assert found["mxint8"][name] > found["mxfp6_e2m3"][name] > found["nvfp4"][name]
