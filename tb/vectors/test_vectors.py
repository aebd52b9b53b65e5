"""Replays golden vectors: needs cocotb and this directory, and nothing of dotforge.

``vectors.json`` holds the beats that every input took and every output gave in a run whose results were compared
with the golden model, bit for bit. ``DOTFORGE_VECTORS`` names another such file, or a directory that
``dotforge run --save-beats`` wrote: the beats of somebody's own matrices.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from axi_stream import Bench
from bench_report import manifest, report
from stream_items import Items

MANIFEST = manifest()
_HERE = Path(__file__).resolve().parent


def _read(place: Path) -> dict[str, Any]:
    """Return vectors of a file, or of a directory of beats."""
    if not place.is_dir():
        return json.loads(place.read_text(encoding="utf-8"))
    saved = json.loads((place / "beats.json").read_text(encoding="utf-8"))
    assert saved["status"] == "ok", f"{place}: the run that wrote these beats did not succeed"
    assert saved["verilog_sha256"] == MANIFEST["verilog_sha256"], f"{place}: beats of another Verilog"
    found: dict[str, Any] = {"ports": saved["ports"], "complete": True, "inputs": {}, "outputs": {}}
    for stream in saved["streams"]:
        words = [int(line, 16) for line in (place / stream["hex"]).read_text(encoding="ascii").split()]
        width = stream["tdata_width"]
        found[f"{stream['direction']}s"][stream["name"]] = [
            (f"{word & (1 << width) - 1:x}", word >> width) for word in words
        ]
    return found


VECTORS = _read(Path(os.environ.get("DOTFORGE_VECTORS", _HERE / "vectors.json")))


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5], backpressure=[0.0, 0.6])
async def golden_vectors(dut: Any, idle: float, backpressure: float) -> None:
    """Every output beat, in order, whatever pauses the neighbours make.

    Where pauses decide which items share a beat (``regroups`` in the manifest), items are compared instead.
    """
    for port, value in VECTORS["ports"].items():
        getattr(dut, port).value = value
    bench = Bench(dut, MANIFEST, idle=idle, backpressure=backpressure)
    await bench.start()
    compared = 0
    for name, beats in VECTORS["inputs"].items():
        bench.send(name, [(int(data, 16), bool(last)) for data, last in beats])
    for name, beats in VECTORS["outputs"].items():
        golden = [(int(data, 16), bool(last)) for data, last, *_ in beats]
        compare = _items if bench.streams[name].get("regroups") else _beats
        compared += await compare(bench, name, golden)
    await bench.settle()
    if VECTORS["complete"]:
        for name, beats in VECTORS["outputs"].items():
            if not bench.streams[name].get("regroups"):
                assert len(bench.received[name]) == len(beats), f"{name}: more beats than golden"
            else:
                golden = Items(bench.streams[name], [(int(data, 16), last) for data, last, *_ in beats])
                found = Items(bench.streams[name], [(beat.data, beat.last) for beat in bench.received[name]])
                assert found == golden, f"{name}: more items than golden"
    report(vectors=compared)


async def _beats(bench: Bench, name: str, golden: list[tuple[int, bool]]) -> int:
    """Compare beat by beat; fields that mean nothing without their flag are zeros on both sides."""
    received = await bench.wait_for(name, len(golden))
    for index, ((data, last), got) in enumerate(zip(golden, received, strict=False)):
        assert (got.data, got.last) == (data, last), f"{name}, beat {index}: {got.data:x}, golden {data:x}"
    return len(golden)


async def _items(bench: Bench, name: str, golden: list[tuple[int, bool]]) -> int:
    """Compare the items of every lane, in order, and the packet that each belongs to."""
    wanted, found = Items(bench.streams[name], golden), Items(bench.streams[name])
    taken, silent = 0, 0
    while not wanted.within(found):
        await bench.settle(1)
        silent += 1
        for beat in bench.received[name][taken:]:
            found.add(beat.data, beat.last)
            taken, silent = taken + 1, 0
        assert silent < 5000, f"{name}: {found.count} of {wanted.count} items, then none for {silent} cycles"
    for (lane, number), (item, other) in wanted.compare(found):
        assert item == other, f"{name}, {lane}, item {number}: {other}, golden {item} (packet, fields)"
    return wanted.count
