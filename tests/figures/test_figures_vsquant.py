"""The figures of vector scaling and of its quantisers."""

import pytest

from dotforge.engines.vsquant.config import VSQuantConfig
from dotforge.engines.vsquant.datapath import VectorMac
from dotforge.export.verilog import convert
from dotforge.figures import quantisers as figures_quantisers
from dotforge.figures import vsquant as figures_vsquant
from dotforge.synthesis.hierarchy import measure


def test_collects_and_writes_tables() -> None:
    rows = figures_vsquant.collect((16,), figures_vsquant.UNITS[:2])
    plain, scaled = rows
    assert plain["engine"] is plain["parts"] is plain["over_plain"] is None
    assert 0.1 < scaled["over_plain"] < 0.2
    assert scaled["core"] < scaled["engine"] < 1.15 * scaled["core"]
    assert sum(scaled["parts"].values()) == pytest.approx(scaled["core"], rel=0.05)
    units = [{"vector": 16, "transistors": 1, "registers": 2, "memory_bits": 3, "cycles": 71}]
    engines = [{"choice": "default", "lanes": 16, "transistors": 160, "registers": 4}]
    text = figures_vsquant.table(rows, engines, units)
    assert f"| INT4 | 16 | {plain['core'] / 16:.1f} |  |  |" in text
    assert "| default | 160 | 4 | 10.0 |" in text
    assert "| 16 | 1 | 2 | 3 | 71 | 4.4 |" in text
    assert figures_vsquant.plot(rows).startswith("<svg")


def test_parts_are_all_modules_of_the_core() -> None:
    design = convert(VectorMac(VSQuantConfig(weight_bits=2, activation_bits=2)))
    names = {
        module.name.removeprefix(design.top).removeprefix("_")
        for module in measure(design.verilog, design.top).modules
    }
    assert names == {module for modules in figures_vsquant.PARTS.values() for module in modules}


def test_quantisers() -> None:
    formats = figures_quantisers.representation((32, 64))
    densities, products = figures_quantisers.clipping(), figures_quantisers.scale_products(64, 8)
    assert len(densities) == 14
    assert all(row["excess"] > 0 for row in densities[:4])
    assert products[0]["sqnr_db"] > products[-1]["sqnr_db"]
    text = figures_quantisers.table(formats, densities, products)
    assert "| INT4, V = 16, 4-bit scales | 4.25 | max |" in text
    assert "| Laplacian, E\\|X\\| = 1 | 4 | 5.020366 | 5.034090 |" in text
