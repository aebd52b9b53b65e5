"""Bench of FAN: its sums against golden, bit for bit and cycle for cycle."""

import cocotb
import reduction_bench


@cocotb.test()
async def back_to_back(dut: object) -> None:
    """Vectors every cycle, folds as soon as the network is empty."""
    await reduction_bench.back_to_back(dut)


@cocotb.test()
async def stalled(dut: object) -> None:
    """Random stalls and random empty lanes."""
    await reduction_bench.stalled(dut)


@cocotb.test()
async def lone_lanes(dut: object) -> None:
    """Runs that are empty, or hold one occupied lane."""
    await reduction_bench.lone_lanes(dut)
