# amaranth: UnusedElaboratable=no
"""Runs schedules on the Verilog of a reduction network and compares every output of every cycle."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

from dotforge.export.verilog import convert
from dotforge.formats.table import FORMATS, IntegerFormat
from dotforge.network.reduction.art import Art
from dotforge.network.reduction.fan import Fan
from dotforge.network.reduction.linear import LinearReduction
from dotforge.network.reduction.reduction import Reduction
from dotforge_sim.simulator.cosim import evaluate

_path = Path(__file__).parents[2] / "tb" / "support" / "reduction_schedule.py"
_spec = importlib.util.spec_from_file_location("reduction_schedule", _path)
assert _spec is not None and _spec.loader is not None
plan: Any = importlib.util.module_from_spec(_spec)
sys.modules["reduction_schedule"] = plan
_spec.loader.exec_module(plan)

KINDS: dict[str, type[Reduction]] = {"fan": Fan, "linear": LinearReduction, "art": Art}


def make(kind: str, lanes: int, sum_format: str = "INT32", **parameters: Any) -> tuple[Reduction, Any]:
    """Return a block and its description for schedules."""
    is_integer = sum_format.startswith("INT")
    format_ = IntegerFormat(int(sum_format[3:])) if is_integer else FORMATS[sum_format]
    block = KINDS[kind](lanes, sum_format=format_, **parameters)
    names = {"align_outputs": "aligned"}
    network = plan.Network(
        kind,
        lanes,
        **{
            "format": sum_format,
            "input_width": format_.width,
            "sum_width": format_.width,
            "id_width": block.id_width,
            **{names.get(name, name): value for name, value in parameters.items() if name != "id_width"},
        },
    )
    return block, network


def check(
    block: Reduction,
    network: Any,
    vec_ids: np.ndarray,
    rng: np.random.Generator,
    *,
    vectors: int = 2,
    full: float = 0.85,
    stalls: float = 0.0,
    values: np.ndarray | None = None,
    mutation: tuple[str, str] | None = None,
) -> int:
    """Run folds on the exported Verilog; return the number of sums compared.

    Parameters
    ----------
    block, network : of :func:`make`
    vec_ids : of each fold
    vectors : a fold
    full : how likely a lane is occupied
    stalls : how likely a cycle is not enabled
    values : given inputs
    mutation : text of the Verilog and what to put in its place, to break the network
    """
    folds, lanes = vec_ids.shape
    occupied = rng.random((folds, lanes)) < full
    if values is None:
        values = plan.random_values(rng, network, (folds, vectors, lanes))
    tags = rng.integers(0, 1 << network.tag_width, (folds, vectors))
    expected = plan.schedule(network, vec_ids, occupied, values, tags)
    design = convert(block, name=network.kind)
    verilog = design.verilog
    if mutation is not None:
        assert mutation[0] in verilog, f"{mutation[0]} is not there"
        verilog = verilog.replace(*mutation)
    widths = {port.name: port.width for port in design.ports}
    rows = np.arange(len(expected.idle))
    inputs = dict(expected.inputs)
    if network.stallable:
        # Each cycle of the schedule is the last of some; in those before, the network is frozen and reads
        # junk.
        rows = np.repeat(rows, rng.geometric(1 - stalls, len(rows)) if stalls else 1)
        enable = np.append(rows[1:] != rows[:-1], True)
        inputs = {name: array[rows] for name, array in inputs.items()}
        frozen = np.flatnonzero(~enable)
        inputs["valid"][frozen] = 1
        inputs["values"][frozen] = rng.integers(0, 1 << network.input_width, (len(frozen), lanes))
        inputs["enable"] = enable.astype(np.int64)
    packed = {name: pack(array, widths[name]) for name, array in inputs.items()}
    found = evaluate(verilog, design.top, design.ports, packed)
    sum_valid = unpack(found["sum_valid"], lanes, 1).astype(bool)
    assert np.array_equal(found["idle"].astype(bool), expected.idle[rows]), "idle"
    wrong = np.argwhere(sum_valid != expected.sum_valid[rows])
    assert not len(wrong), f"{len(wrong)} sums missing or too many; first in cycle, slot {wrong[0]}"
    for name, array in expected.outputs.items():
        got = unpack(found[name], lanes, widths[name] // lanes)
        wrong = np.argwhere((got != array[rows]) & sum_valid)
        assert not len(wrong), (
            f"{name}: {len(wrong)} wrong of {expected.sums}; first in cycle, slot {wrong[0]}"
        )
    assert expected.sums > 0
    return expected.sums


def pack(array: np.ndarray, width: int) -> np.ndarray:
    """Return words of a port from [cycles] or [cycles, lanes]."""
    if array.ndim == 1:
        return array
    lanes = array.shape[1]
    size = width // lanes
    bits = np.zeros((len(array), width), np.uint8)
    for bit in range(size):
        bits[:, bit::size] = array >> bit & 1
    if width <= 64:
        return (bits.astype(np.uint64) << np.arange(width, dtype=np.uint64)).sum(1, dtype=np.uint64)
    return np.packbits(bits, axis=1, bitorder="little")


def unpack(words: np.ndarray, lanes: int, size: int) -> np.ndarray:
    """Return [cycles, lanes] from words of a port."""
    width = lanes * size
    if words.ndim == 1:
        bits = words.astype(np.uint64)[:, None] >> np.arange(width, dtype=np.uint64) & np.uint64(1)
    else:
        bits = np.unpackbits(words, axis=1, bitorder="little")[:, :width]
    array = np.zeros((len(words), lanes), np.int64)
    for bit in range(size):
        array |= bits[:, bit::size].astype(np.int64) << bit
    return array
