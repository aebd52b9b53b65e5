"""The cocotb bench of the distribution network, on its Verilog."""

import shutil
from pathlib import Path

import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.distribution import DistributionNetwork, distribution_columns, evenly
from dotforge_sim.simulator import bench

TB = Path(__file__).parents[2] / "tb"


def run(topology, registers, directory, simulator):
    lanes, width, window = 8, 5, 4
    columns = evenly(registers, distribution_columns(topology, lanes, window))
    network = DistributionNetwork(lanes, width, window, topology, registers=columns)
    design = convert(network, name="distribution")
    parameters = {"lanes": lanes, "width": width, "window": window, "topology": topology}
    return bench.run(
        design.verilog,
        design.top,
        TB / "distribution",
        "test_distribution",
        build_dir=directory,
        simulator=simulator,
        parameters=parameters,
        seed=5,
    )


@pytest.mark.parametrize(("topology", "registers"), [("multicast-benes", 0), ("crossbar", 2)])
def test_verilator(topology, registers, tmp_path):
    result = run(topology, registers, tmp_path, "verilator")
    assert (result.tests, result.failures, result.mismatches) == (2, 0, 0)
    assert result.vectors == 8 * 20 * (13 + 9)


def test_icarus(tmp_path):
    if shutil.which("iverilog") is None:
        pytest.skip("skipped: needs iverilog")
    result = run("multicast-benes", 3, tmp_path, "icarus")
    assert (result.tests, result.failures, result.mismatches) == (2, 0, 0)
    assert result.vectors == 8 * 20 * (13 + 9)
