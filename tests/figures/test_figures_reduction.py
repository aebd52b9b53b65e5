"""The figure of the reduction networks: its models, its lines, its plot."""

import os
import time
import xml.etree.ElementTree as ET

import pytest

from dotforge.export.verilog import convert
from dotforge.figures import reduction as figures_reduction
from dotforge.formats.table import FP32
from dotforge.network.reduction.fan import Fan
from dotforge.pictures.bar_chart import Panel, render
from dotforge.synthesis import hierarchy


def test_cycles_are_those_of_the_paper() -> None:
    assert figures_reduction.cycles("linear", 512) == 100 * (1000 + 512)
    assert figures_reduction.cycles("FAN", 512) == 100 * (1000 + 9)
    assert figures_reduction.cycles("ART", 16) == 100 * (1000 + 4)


def test_energy_delay_products() -> None:
    assert figures_reduction.energy_delay("FAN", 16, 10, "ungated") == 10 * 100_400**2
    assert figures_reduction.energy_delay("FAN", 16, 10, "gated") == 10 * 100_000 * 100_400


def test_lines_add_up() -> None:
    for network in ("linear", "FAN", "ART"):
        found = figures_reduction.measure(network, 8, "INT32")
        assert sum(found["lines"].values()) == found["transistors"]
        assert found["lines"]["adder output registers"] == 7 * 32 * 16
        assert found["registers"] * 16 < found["transistors"]
    assert {"link registers", "selectors", "vecID comparators"} <= set(found["lines"])


@pytest.mark.parametrize("network", ["linear", "FAN", "ART"])
@pytest.mark.parametrize(
    ("lanes", "sum_format"),
    [
        (8, "INT32"),
        pytest.param(16, "INT32", marks=pytest.mark.slow),
        pytest.param(8, "FP32", marks=pytest.mark.slow),
        pytest.param(16, "FP32", marks=pytest.mark.slow),
    ],
)
def test_sum_over_modules_is_within_5_percent_of_flat(network: str, lanes: int, sum_format: str) -> None:
    by_module = figures_reduction.measure(network, lanes, sum_format)["transistors"]
    flat = figures_reduction.measure(network, lanes, sum_format, flat=True)["transistors"]
    assert abs(by_module / flat - 1) < 0.05


@pytest.mark.slow
def test_fan_of_512_lanes_is_written_and_measured_in_time() -> None:
    begin = time.process_time() + sum(os.times()[2:4])
    design = convert(Fan(512, sum_format=FP32))
    written = time.process_time() + sum(os.times()[2:4])
    hierarchy.measure(design.verilog, design.top)
    measured = time.process_time() + sum(os.times()[2:4])
    assert written - begin < 20
    assert measured - written < 60


@pytest.mark.slow
def test_fan_of_512_lanes_is_within_25_percent_of_linear() -> None:
    rows = figures_reduction.collect([512])
    fan = next(row for row in rows if (row["format"], row["network"]) == ("FP32", "FAN"))
    assert fan["area_over_linear"] < 0.25
    text = figures_reduction.table(rows)
    assert "FP32, 512 lanes, beside the paper's post-layout figures" in text
    assert ET.fromstring(figures_reduction.plot(rows)).tag.endswith("svg")


def test_bar_chart_is_svg() -> None:
    panel = Panel("Area & more", "transistors", ["8", "16"], {"a": [1.0, 2.5], "b": [0, 40.0]})
    image = ET.fromstring(render([panel, panel, panel]))
    bars = [bar for bar in image.iter() if bar.tag.endswith("rect") and bar.get("fill", "").startswith("#")]
    assert len(bars) == 3 * 4 + 2
    assert max(float(bar.get("height", "0")) for bar in bars) <= 192
    titles = [text.text for text in image.iter() if text.tag.endswith("text")]
    assert titles.count("Area & more") == 3
