"""The cocotb bench of the adder in ``designs.py``; the tests choose one of its tests with a filter."""

import os
import signal

import cocotb
from axi_stream import Bench
from bench_report import manifest, parameters, report
from cocotb.triggers import Timer


@cocotb.test()
async def sums_match(dut):
    """Random pairs with random pauses; sums and packets must come back in order."""
    width, count = manifest()["parameters"]["width"], parameters()["count"]
    dut.limit.value = 0
    bench = Bench(dut, manifest(), idle=0.3, backpressure=0.4)
    await bench.start()
    pairs = [(bench.random.getrandbits(width), bench.random.getrandbits(width)) for _ in range(count)]
    lasts = [bench.random.random() < 0.2 for _ in pairs]
    beats = [
        (bench.payloads["pairs"].pack(a=a, b=b), last) for (a, b), last in zip(pairs, lasts, strict=True)
    ]
    bench.send("pairs", beats)
    received = await bench.wait_for("sums", count, limit=1000)
    expected = [(a + b, last) for (a, b), last in zip(pairs, lasts, strict=True)]
    found = [(beat.data, beat.last) for beat in received[:count]]
    report(vectors=count, mismatches=sum(x != y for x, y in zip(found, expected, strict=True)))


@cocotb.test()
async def counts_nothing(dut):
    """Compares nothing."""
    await Timer(1, "ns")
    report(vectors=0)


@cocotb.test()
async def always_fails(dut):
    """Fails."""
    report(vectors=1)
    raise AssertionError("on purpose")


@cocotb.test()
async def never_ends(dut):
    """Hangs outside the simulator's time."""
    while True:
        pass


@cocotb.test()
async def dies(dut):
    """Takes the simulator with it."""
    os.kill(os.getpid(), signal.SIGKILL)
