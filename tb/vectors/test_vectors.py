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
        received = await bench.wait_for(name, len(beats))
        for index, ((data, last, *mask), got) in enumerate(zip(beats, received, strict=False)):
            # Some fields mean something only with a flag; the mask leaves them out where it is not set.
            found = got.data & int(mask[0], 16) if mask else got.data
            assert (found, got.last) == (int(data, 16), bool(last)), (
                f"{name}, beat {index}: {found:x}, golden {data}"
            )
        compared += len(beats)
    await bench.settle()
    if VECTORS["complete"]:
        for name, beats in VECTORS["outputs"].items():
            assert len(bench.received[name]) == len(beats), f"{name}: more beats than golden"
    report(vectors=compared)
