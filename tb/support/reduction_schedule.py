"""What enters a reduction network in which cycle, and what must leave it: for benches and batch evaluation.

A fold is a grouping of the lanes and some vectors. Vectors of a fold enter one a cycle; the next fold
follows as soon as the network is empty. A schedule counts in cycles in which the network is enabled.
"""

from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

from dotforge_golden import art, fan, linear
from dotforge_golden.reduction import Addition, floating, integer

__all__ = [
    "Network",
    "Schedule",
    "all_groupings",
    "lone_runs",
    "random_groupings",
    "random_values",
    "random_vec_ids",
    "schedule",
]

_REDUCE = {"fan": fan.reduce, "linear": linear.reduce, "art": art.reduce}
_TYPES = {
    "FP32": np.float32,
    "FP16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "FP8_E4M3": ml_dtypes.float8_e4m3fn,
    "FP8_E5M2": ml_dtypes.float8_e5m2,
}


@dataclass(frozen=True)
class Network:
    """The parameters of a network under test, as JSON can hold them."""

    kind: str
    lanes: int
    format: str = "INT32"
    input_width: int = 32
    sum_width: int = 32
    id_width: int = 9
    tag_width: int = 0
    adder_depth: int = 1
    aligned: bool = False
    compact: bool = False
    stallable: bool = True
    gate_empty: bool = False
    flush_subnormals: bool = False
    operators: bool = False

    @property
    def is_float(self) -> bool:
        """Whether values are floating point."""
        return self.format in _TYPES

    @property
    def drain(self) -> int:
        """Cycles after which a vector has left."""
        stages = self.lanes if self.kind == "linear" else (self.lanes - 1).bit_length()
        return stages * self.adder_depth

    @property
    def addition(self) -> Addition:
        """Return how golden adds."""
        if self.is_float:
            return floating(_TYPES[self.format], flush_subnormals=self.flush_subnormals)
        return integer(self.sum_width)


@dataclass
class Schedule:
    """Inputs and outputs by cycle; arrays of integers, [cycles] or [cycles, lanes].

    Attributes
    ----------
    inputs : port → values
    sum_valid : slots at which a sum leaves
    outputs : port → values, defined where ``sum_valid``
    idle : whether no vector is inside
    """

    inputs: dict[str, np.ndarray]
    sum_valid: np.ndarray
    outputs: dict[str, np.ndarray]
    idle: np.ndarray
    levels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def sums(self) -> int:
        """Number of sums that must leave."""
        return int(self.sum_valid.sum())


def all_groupings(lanes: int) -> np.ndarray:
    """Return all 2^(lanes − 1) contiguous groupings as run numbers, [groupings, lanes]."""
    return _numbers(np.arange(1 << (lanes - 1))[:, None] >> np.arange(lanes - 1) & 1)


def random_groupings(rng: np.random.Generator, lanes: int, count: int) -> np.ndarray:
    """Return groupings with runs of all lengths, from lone lanes to one run, [count, lanes]."""
    density = rng.choice([0.0, 0.02, 0.1, 0.3, 0.5, 0.8, 1.0], (count, 1))
    return _numbers(rng.random((count, lanes - 1)) < density)


def _numbers(boundaries: np.ndarray) -> np.ndarray:
    first = np.zeros((len(boundaries), 1), np.int64)
    return np.concatenate([first, np.cumsum(boundaries, axis=1)], axis=1)


def lone_runs(rng: np.random.Generator, lanes: int, most: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return groupings with a run that is empty but for one lane, or empty, and which lanes are occupied.

    The lanes beside the run are occupied or not by chance, each a run of its own or of random runs.

    Parameters
    ----------
    rng : of the chances
    lanes : of the network; up to eight of them every run and every lane of it
    most : groupings; of more, so many are drawn
    """
    chosen = [
        (first, last, lane)
        for first in range(lanes)
        for last in range(first, lanes)
        for lane in (None, *range(first, last + 1))
    ]
    if len(chosen) > most:
        chosen = [chosen[index] for index in rng.choice(len(chosen), most, replace=False)]
    boundaries = rng.random((len(chosen), lanes - 1)) < rng.choice([0.5, 1.0], (len(chosen), 1))
    occupied = rng.random((len(chosen), lanes)) < 0.5
    for fold, (first, last, lane) in enumerate(chosen):
        boundaries[fold, first:last] = False
        boundaries[fold, max(first - 1, 0) : first] = boundaries[fold, last : last + 1] = True
        occupied[fold, first : last + 1] = False
        if lane is not None:
            occupied[fold, lane] = True
    return _numbers(boundaries), occupied


def random_vec_ids(rng: np.random.Generator, groupings: np.ndarray, id_width: int) -> np.ndarray:
    """Give every run a random vecID; neighbours differ, runs farther apart may share one."""
    steps = rng.integers(1, 1 << id_width, groupings.shape)
    ids = np.cumsum(steps, axis=1) % (1 << id_width)  # ids[k] != ids[k + 1]
    return np.take_along_axis(ids, groupings, axis=1)


def random_values(rng: np.random.Generator, network: Network, shape: tuple[int, ...]) -> np.ndarray:
    """Return inputs: signed integers, or encodings with many cancellations, ties, subnormals and specials."""
    if not network.is_float:
        bound = 1 << (network.input_width - 1)
        extreme = rng.choice([-bound, -1, 0, 1, bound - 1], shape)
        return np.where(rng.random(shape) < 0.1, extreme, rng.integers(-bound, bound, shape))
    dtype = np.dtype(_TYPES[network.format])
    width, mantissa = dtype.itemsize * 8, ml_dtypes.finfo(dtype).nmant
    exponents = (1 << (width - 1 - mantissa)) - 1
    around = rng.integers(1, exponents, (*shape[:-1], 1))
    exponent = np.clip(around + rng.integers(-4, 5, shape), 0, exponents - 1)
    exponent = np.where(rng.random(shape) < 0.05, 0, exponent)
    fraction = rng.integers(0, 1 << mantissa, shape)
    if network.flush_subnormals:  # those who flush let none in
        fraction = np.where(exponent == 0, 0, fraction)
    fraction = np.where(rng.random(shape) < 0.3, fraction & -(1 << (mantissa // 2)), fraction)
    sign = rng.integers(0, 2, shape)
    bits = sign << (width - 1) | exponent << mantissa | fraction
    infinity, nan = exponents << mantissa, exponents << mantissa | 1 << (mantissa - 1)
    special = rng.choice([0, 1 << (width - 1), infinity, infinity | 1 << (width - 1), nan], shape)
    return np.where(rng.random(shape) < 0.04, special, bits)


def schedule(
    network: Network,
    vec_ids: np.ndarray,
    occupied: np.ndarray,
    values: np.ndarray,
    tags: np.ndarray | None = None,
) -> Schedule:
    """Lay out folds one after the other.

    Parameters
    ----------
    network : what is tested
    vec_ids, occupied : of each fold, [folds, lanes]
    values : signed integers or encodings, [folds, vectors, lanes]
    tags : of each vector, [folds, vectors]
    """
    folds, vectors, lanes = values.shape
    period = vectors + network.drain
    rows = folds * period + network.compact
    row = np.arange(rows)
    fold = np.minimum(row // period, folds - 1)
    enters = (row % period < vectors) & (row < folds * period)
    if not network.gate_empty:
        values = np.where(occupied[:, None, :], values, 0)
    entry = np.flatnonzero(enters)
    flat = values.reshape(-1, lanes)
    golden = _golden(network, flat, np.repeat(vec_ids, vectors, 0), np.repeat(occupied, vectors, 0))
    placed = np.zeros((rows, lanes), np.int64)
    placed[entry] = flat
    if network.kind == "linear":  # lane i enters i · adder_depth cycles late
        for lane in range(1, lanes):
            placed[:, lane] = np.roll(placed[:, lane], lane * network.adder_depth)
    tag_rows = np.zeros(rows, np.int64)
    tag_flat = np.zeros(len(entry), np.int64) if tags is None else tags.reshape(-1)
    tag_rows[entry] = tag_flat
    inputs = {
        "values": placed & ((1 << network.input_width) - 1),
        "vec_ids": vec_ids[fold],
        "occupied": occupied[fold].astype(np.int64),
        "valid": enters.astype(np.int64),
    }
    if network.tag_width:
        inputs["tag"] = tag_rows
    sum_valid = np.zeros((rows, lanes), bool)
    outputs = {name: np.zeros((rows, lanes), np.int64) for name in ("sums", "sum_ids", "sum_tags")}
    vector, lane = np.nonzero(golden.valid)
    wait = (golden.levels[vector, lane] + 1) * network.adder_depth
    if network.aligned or network.compact:
        wait = np.full(len(vector), network.drain)
    slot = lane
    if network.compact:
        wait = wait + 1
        slot = (np.cumsum(golden.valid, axis=1) - 1)[vector, lane]
    cycle = entry[vector] + wait
    sum_valid[cycle, slot] = True
    outputs["sums"][cycle, slot] = golden.values[vector, lane]
    outputs["sum_ids"][cycle, slot] = np.repeat(vec_ids, vectors, 0)[vector, lane]
    outputs["sum_tags"][cycle, slot] = tag_flat[vector]
    if not network.tag_width:
        del outputs["sum_tags"]
    inside = np.zeros(rows + network.drain + 1, np.int64)
    for later in range(1, network.drain + 1):
        inside[entry + later] = 1
    return Schedule(inputs, sum_valid, outputs, inside[:rows] == 0, golden.levels)


def _golden(network: Network, values: np.ndarray, vec_ids: np.ndarray, occupied: np.ndarray) -> Any:
    if network.is_float:
        dtype = np.dtype(_TYPES[network.format])
        unsigned = np.dtype(f"u{dtype.itemsize}")
        result = _REDUCE[network.kind](
            values.astype(unsigned).view(dtype), vec_ids, occupied, addition=network.addition
        )
        bits = result.values.view(unsigned).astype(np.int64)
    else:
        result = _REDUCE[network.kind](values, vec_ids, occupied, addition=network.addition)
        bits = result.values & ((1 << network.sum_width) - 1)
    return type(result)(bits, result.valid, result.levels)
