"""Bench of the self-test: its verdict on the pins and on the serial line, undisturbed and disturbed."""

from typing import Any

import cocotb
from bench_report import parameters, report
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, First, RisingEdge, Timer

PARAMETERS = parameters()
PERIOD = 10
#: Cycles in which a verdict must fall.
LIMIT = PARAMETERS["patience"] + 200 * PARAMETERS["beats"] + 10_000
BIT = PERIOD * PARAMETERS["divisor"]


async def start(dut: Any, disturb: int) -> None:
    """Reset with a clean or a disturbed engine."""
    dut.disturb.value = disturb
    dut.rst.value = 1
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    await RisingEdge(dut.clk)


async def verdict(dut: Any) -> tuple[int, int]:
    """Wait for the end of the test; exactly one of the pins is high at any time."""
    for _ in range(LIMIT // 16):
        await ClockCycles(dut.clk, 16)
        states = [int(pin.value) for pin in (dut.running, dut.passed, dut.failed)]
        assert sum(states) == 1, states
        if not states[0]:
            return states[1], states[2]
    raise AssertionError("no verdict")


async def heard(dut: Any, count: int) -> str:
    """Read letters from the serial line, checking start and stop bits."""
    text = ""
    for _ in range(count):
        if dut.tx.value:
            await First(FallingEdge(dut.tx), Timer(BIT * 40 if text else LIMIT * PERIOD, "ns"))
        assert not dut.tx.value, f"the line is silent after {text!r}"
        await Timer(BIT // 2, "ns")
        assert not dut.tx.value, "a start bit that is too short"
        letter = 0
        for index in range(8):
            await Timer(BIT, "ns")
            letter |= int(dut.tx.value) << index
        await Timer(BIT, "ns")
        assert dut.tx.value, "no stop bit"
        text += chr(letter)
    return text


@cocotb.test()
async def verdicts(dut: Any) -> None:
    """Pass, fail when disturbed, and pass again after a reset."""
    cocotb.start_soon(Clock(dut.clk, PERIOD, unit="ns").start())
    for disturb in (0, 1, 0):
        await start(dut, disturb)
        told = cocotb.start_soon(heard(dut, len(PARAMETERS["texts"][0])))
        passed, failed = await verdict(dut)
        assert (passed, failed) == (1 - disturb, disturb)
        text = await told
        assert text == PARAMETERS["texts"][passed], repr(text)
        report(vectors=PARAMETERS["beats"])
