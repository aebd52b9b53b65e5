"""The one run of a bench that is recorded: without pauses, for waveforms, golden vectors and power.

``DOTFORGE_BENCH`` names the module of the bench; its ``KIT`` does the work::

    make COCOTB_TEST_MODULES=recorded_run DOTFORGE_BENCH=test_logmac DOTFORGE_BENCH_RECORD=$PWD/cycles
"""

import importlib
import os
from typing import Any

import cocotb

KIT = importlib.import_module(os.environ["DOTFORGE_BENCH"]).KIT


@cocotb.test()
async def recorded_run(dut: Any) -> None:
    """Work at full speed; every result is compared with golden as in any other test."""
    await KIT.recorded(dut)
