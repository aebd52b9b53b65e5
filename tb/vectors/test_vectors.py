"""Replays golden vectors: needs cocotb and this directory, and nothing of dotforge.

``vectors.json`` holds the beats that every input took and every output gave in a run whose results were compared
with the golden model, bit for bit.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from axi_stream import Bench
from bench_report import manifest, report

MANIFEST = manifest()
_HERE = Path(__file__).resolve().parent
VECTORS = json.loads(
    Path(os.environ.get("DOTFORGE_VECTORS", _HERE / "vectors.json")).read_text(encoding="utf-8")
)


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5], backpressure=[0.0, 0.6])
async def golden_vectors(dut: Any, idle: float, backpressure: float) -> None:
    """Every output beat, in order, whatever pauses the neighbours make."""
    for port, value in VECTORS["ports"].items():
        getattr(dut, port).value = value
    bench = Bench(dut, MANIFEST, idle=idle, backpressure=backpressure)
    await bench.start()
    compared = 0
    for name, beats in VECTORS["inputs"].items():
        bench.send(name, [(int(data, 16), bool(last)) for data, last in beats])
    for name, beats in VECTORS["outputs"].items():
        expected = [(int(data, 16), bool(last)) for data, last in beats]
        received = await bench.wait_for(name, len(expected))
        for index, (want, got) in enumerate(zip(expected, received, strict=False)):
            assert (got.data, got.last) == want, f"{name}, beat {index}: {got.data:x}, golden {want[0]:x}"
        compared += len(expected)
    await bench.settle()
    if VECTORS["complete"]:
        for name, beats in VECTORS["outputs"].items():
            assert len(bench.received[name]) == len(beats), f"{name}: more beats than golden"
    report(vectors=compared)
