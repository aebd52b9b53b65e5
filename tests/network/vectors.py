"""Arrays of lanes to the words of a port and back, and maps to try networks with."""

import numpy as np

from dotforge.export.verilog import Design, convert
from dotforge.network.distribution.benes import benes_switches
from dotforge.network.distribution.settings import setting_places
from dotforge_sim.simulator.cosim import evaluate

__all__ = ["bits_of", "fields", "maps", "pack", "run", "run_piece", "unpack"]


def bits_of(values: np.ndarray, width: int) -> np.ndarray:
    """[rows, lanes] integers → [rows, lanes · width] bits."""
    values = np.asarray(values, dtype=np.uint64)
    bits = values[..., None] >> np.arange(width, dtype=np.uint64) & np.uint64(1)
    return bits.reshape(*values.shape[:-1], -1).astype(np.uint8)


def pack(values: np.ndarray, width: int = 1) -> np.ndarray:
    """[rows, lanes] integers → one word of lanes · width bits a row."""
    bits = bits_of(values, width)
    size = bits.shape[-1]
    octets = np.packbits(bits, axis=-1, bitorder="little")
    if size > 64:
        return octets
    padded = np.zeros((len(octets), 8), dtype=np.uint8)
    padded[:, : octets.shape[1]] = octets
    return padded.view("<u8")[:, 0]


def unpack(words: np.ndarray, lanes: int, width: int) -> np.ndarray:
    """Words of lanes · width bits → [rows, lanes] integers."""
    if words.ndim == 1:
        words = words.astype("<u8").view(np.uint8).reshape(len(words), 8)
    bits = np.unpackbits(words, axis=1, bitorder="little")[:, : lanes * width].reshape(
        len(words), lanes, width
    )
    return np.sum(bits.astype(np.int64) << np.arange(width), axis=2)


def fields(topology: str, rows: np.ndarray, window: int) -> dict[str, np.ndarray]:
    """Settings [batch, rows, lanes] → the words of the fields of a network."""
    places = setting_places(topology, rows.shape[-1], window)
    return {
        field: pack(np.stack([rows[:, row, lane] for row, lane in where], axis=1))
        for field, where in places.items()
    }


def crossings(crossed: np.ndarray) -> np.ndarray:
    """Golden settings of a Benes network [batch, columns, lanes/2] → words of its settings."""
    lanes = 2 * crossed.shape[-1]
    return pack(np.stack([crossed[:, column, switch] for column, switch in benes_switches(lanes)], axis=1))


def run(design: Design, inputs: dict, latency: int = 0) -> dict[str, np.ndarray]:
    """Evaluate a block for each row of its inputs."""
    return evaluate(design.verilog, design.top, design.ports, inputs, latency=latency)


def run_piece(piece, values: np.ndarray, settings: np.ndarray) -> np.ndarray:
    """Give a piece a row of lanes and a word of settings a cycle; return the rows that leave it."""
    inputs = {"inputs": pack(values, piece.width), "settings": settings}
    if piece.latency:
        inputs["advance"] = np.ones(1, dtype=np.uint8)
    out = run(convert(piece), inputs, piece.latency)["outputs"]
    return unpack(out, len(values[0]), piece.width)


def maps(random: np.random.Generator, count: int, lanes: int, window: int) -> np.ndarray:
    """Maps [count, lanes] of positions: special ones, permutations, random ones that repeat much."""
    identity = np.arange(lanes) % window
    special = [
        identity,
        identity[::-1],
        np.zeros(lanes, dtype=int),
        np.full(lanes, window - 1),
        np.full(lanes, -1),
        np.where(np.arange(lanes) % 2, -1, identity),
        identity // 2,
        np.minimum(identity, 1),
    ]
    rows = [*special]
    while len(rows) < count:
        kind = len(rows) % 4
        if kind == 0:
            rows.append(random.permutation(lanes) % window)
        elif kind == 1:
            few = random.choice(window, random.integers(1, window + 1), replace=False)
            rows.append(random.choice(few, lanes))
        elif kind == 2:
            weights = random.pareto(0.7, window) + 1e-3
            rows.append(random.choice(window, lanes, p=weights / weights.sum()))
        else:
            rows.append(
                np.where(random.random(lanes) < random.random(), -1, random.integers(0, window, lanes))
            )
    return np.array(rows[:count])
