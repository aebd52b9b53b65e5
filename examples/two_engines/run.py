"""Generates two engines, and runs the bench of the design that holds both, with Icarus.

python examples/two_engines/run.py build/two_engines
"""

import sys
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

import dotforge

HERE = Path(__file__).resolve().parent


def main(directory: Path) -> int:
    """Write, compile, run; returns how many tests failed."""
    directory.mkdir(parents=True, exist_ok=True)
    sources = [HERE / "two_engines.v"]
    for name, fold in (("left", 0), ("right", 1)):
        engine = dotforge.engine("logmac", lanes=4, pipeline=fold, top=name)
        sources.append(directory / f"{name}.v")
        sources[-1].write_text(engine.verilog, encoding="utf-8")
    sys.path.insert(0, str(HERE))
    simulator = get_runner("icarus")
    simulator.build(
        sources=sources,
        hdl_toplevel="two_engines",
        build_dir=directory / "sim",
        timescale=("1ns", "1ps"),
    )
    results = simulator.test(
        hdl_toplevel="two_engines",
        test_module="bench_two_engines",
        build_dir=directory / "sim",
        results_xml=str(directory.resolve() / "results.xml"),
        extra_env={"PYTHONPATH": str(HERE)},
    )
    tests, failed = get_results(results)
    print(f"{tests} tests, {failed} failed")
    return failed if tests else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
