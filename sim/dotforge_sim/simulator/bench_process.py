"""The process that runs one bench through cocotb's runner; :func:`dotforge_sim.simulator.bench.run` starts it.

Its only argument is a JSON object: simulator, module, top, build_dir, seed, plusargs, waves.
"""

import json
import sys
from pathlib import Path

from cocotb_tools.runner import get_runner

__all__ = ["main"]


def main() -> None:
    """Run the bench; how it went is in ``results.xml`` of its build directory."""
    job = json.loads(sys.argv[1])
    build_dir = Path(job["build_dir"])
    get_runner(job["simulator"]).test(
        test_module=job["module"],
        hdl_toplevel=job["top"],
        hdl_toplevel_lang="verilog",
        build_dir=build_dir,
        test_dir=build_dir,
        results_xml=str(build_dir / "results.xml"),
        seed=job["seed"],
        plusargs=job["plusargs"],
        waves=job["waves"],
    )


if __name__ == "__main__":
    main()
