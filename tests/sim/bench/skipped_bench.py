"""A bench whose only test does not run."""

import cocotb


@cocotb.test(skip=True)
async def skipped(dut):
    """Does not run."""
    raise AssertionError
