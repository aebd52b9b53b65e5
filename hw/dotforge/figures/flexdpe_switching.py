"""Energy by part of Flex-DPEs of several sizes, as transistors that switch: SIGMA's Fig. 9, second half.

Each part is a module of the engine's own netlist, simulated by :mod:`dotforge.synthesis.switching`: a lane with its
multiplier, the distribution network with the settings of real folds, and the FAN with the runs of these folds. Every
lane holds a value, and vectors are dense, so that a multiplier makes a useful product each cycle. What loads and routes
a fold is left out: it works once a fold.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from dotforge_golden.route import route

from ..export.design import Generated
from ..synthesis.switching import Netlist, mapped
from .measured import kept

__all__ = ["PARTS", "parts"]

#: Part → module of the engine, without the engine's name.
PARTS = {"multipliers": "lane", "distribution": "distribution_network", "reduction": "fan"}

#: Folds side by side, vectors of each, lanes of a row on average, bits of a value.
FOLDS, VECTORS, RUN, WIDTH, SEED = 32, 48, 4, 8, 1

Bits = NDArray[np.uint8]


def parts(design: Generated) -> dict[str, float]:
    """Return transistors that switch a multiplier and cycle: ``multipliers``, ``distribution``, ``reduction``.

    Parameters
    ----------
    design : a Flex-DPE of INT8 with a FAN that drains, ``multicast-benes``, and a window as wide as the lanes

    Raises
    ------
    RuntimeError
        The distribution network's netlist does not bring each lane the value of its position.
    """
    lanes = design.manifest["parameters"]["lanes"]
    drive: dict[str, Callable[[int], Mapping[str, Bits]]] = {
        "multipliers": _lane,
        "distribution": _distribution,
        "reduction": _fan,
    }
    found = {}
    for part, module in PARTS.items():
        top, inputs = f"{design.top}_{module}", drive[part](lanes)
        count = 1 if part == "multipliers" else lanes

        def measure(
            top: str = top, inputs: Mapping[str, Bits] = inputs, count: int = count
        ) -> dict[str, float]:
            netlist = mapped(design.verilog, top)
            if top.endswith(PARTS["distribution"]):
                _check(netlist, inputs, lanes)
            return {"switched": _streaming(netlist, inputs) / count}

        how = (top, FOLDS, VECTORS, RUN, SEED)
        found[part] = kept(design.verilog, how, measure, code=[__name__])["switched"]
    return found


def _streaming(netlist: Netlist, inputs: Mapping[str, Bits]) -> float:
    """Return what switches a cycle of the last ``VECTORS`` cycles: what a fold's settings take is subtracted."""
    cycles = len(next(iter(inputs.values())))
    whole = netlist.simulate(inputs).transistors * (cycles - 1)
    before = cycles - VECTORS
    if before < 2:
        return whole / (cycles - 1)
    first = netlist.simulate({name: bits[:before] for name, bits in inputs.items()}).transistors
    return (whole - first * (before - 1)) / VECTORS


def _words(lanes: int) -> Bits:
    """Return random words: (vectors, folds, lanes, WIDTH)."""
    return np.random.default_rng(SEED).integers(0, 2, (VECTORS, FOLDS, lanes, WIDTH), np.uint8)


def _lane(lanes: int) -> dict[str, Bits]:
    value = _words(1)[:, :, 0]
    held = np.random.default_rng(SEED + 1).integers(0, 2, (1, FOLDS, WIDTH), np.uint8)
    return {
        "value": value,
        "stationary": np.broadcast_to(held, value.shape),
        "useful": np.ones((VECTORS, FOLDS, 1), np.uint8),
    }


def _runs(lanes: int) -> tuple[NDArray[np.int64], Bits]:
    """Return positions in the window, rising within a run, and a bit that changes from run to run: (folds, lanes)."""
    rng = np.random.default_rng(SEED + 2)
    begins = rng.random((FOLDS, lanes)) < 1 / RUN
    begins[:, 0] = True
    number = begins.cumsum(axis=1)
    positions = np.empty((FOLDS, lanes), np.int64)
    for fold, runs in enumerate(number):
        for run in np.unique(runs):
            where = np.flatnonzero(runs == run)
            positions[fold, where] = np.sort(rng.choice(lanes, len(where), replace=False))
    return positions, (number & 1).astype(np.uint8)


def _distribution(lanes: int) -> dict[str, Bits]:
    rows = route("multicast-benes", _runs(lanes)[0], lanes).astype(np.uint8)  # (folds, rows, lanes)
    count = rows.shape[1]
    ahead = count + 2  # the rows, the swap, and a cycle behind it
    cycles = ahead + VECTORS
    bits = count.bit_length() if count & (count - 1) else (count - 1).bit_length()

    def quiet(width: int) -> Bits:
        return np.zeros((cycles, FOLDS, width), np.uint8)

    data, row, write, swap, valid, payload = (
        quiet(width) for width in (lanes, bits, 1, 1, 1, lanes * (WIDTH + 1) + lanes + 1)
    )
    data[:count] = rows.transpose(1, 0, 2)
    row[:count] = (np.arange(count)[:, None, None] >> np.arange(bits)) & 1
    write[:count], swap[count] = 1, 1
    valid[ahead:] = 1
    words = np.concatenate([_words(lanes), np.ones((VECTORS, FOLDS, lanes, 1), np.uint8)], axis=3)
    payload[ahead:, :, : lanes * (WIDTH + 1)] = words.reshape(VECTORS, FOLDS, -1)
    payload[ahead:, :, lanes * (WIDTH + 1) : -1] = 1  # the bitmap: all positions are there
    return {
        "data": data,
        "row": row,
        "write": write,
        "swap": swap,
        "vectors_valid": valid,
        "vectors_payload": payload,
        "lanes_out_ready": np.ones((cycles, FOLDS, 1), np.uint8),
    }


def _check(netlist: Netlist, inputs: Mapping[str, Bits], lanes: int) -> None:
    """Hold the last vector's lanes, when it has come through all registers, against the positions that were routed."""
    long = {name: np.concatenate([bits, bits[-1:].repeat(8, axis=0)]) for name, bits in inputs.items()}
    octets = netlist.simulate(long).outputs["lanes_out_payload"][-1]
    bits = np.unpackbits(octets, axis=1, bitorder="little")[:, : lanes * (WIDTH + 1)]
    wanted = np.take_along_axis(_words(lanes)[-1], _runs(lanes)[0][..., None], axis=1)
    if not np.array_equal(bits.reshape(FOLDS, lanes, WIDTH + 1)[..., :WIDTH], wanted):
        raise RuntimeError(
            f"distribution of {lanes} lanes: the netlist's lanes are not those that were routed"
        )


def _fan(lanes: int) -> dict[str, Bits]:
    value = _words(lanes).astype(np.int64) @ (1 << np.arange(WIDTH))
    held = np.random.default_rng(SEED + 1).integers(-128, 128, (1, FOLDS, lanes))
    products = (value - 256 * (value > 127)) * held
    ids = np.broadcast_to(_runs(lanes)[1], (VECTORS, FOLDS, lanes))
    ones = np.ones((VECTORS, FOLDS, lanes), np.uint8)
    tags = np.arange(VECTORS)[:, None, None] >> np.arange(4) & 1
    return {
        "values": (products[..., None] >> np.arange(2 * WIDTH) & 1)
        .astype(np.uint8)
        .reshape(VECTORS, FOLDS, -1),
        "vec_ids": ids,
        "occupied": ones,
        "valid": ones[..., :1],
        "enable": ones[..., :1],
        "tag": np.broadcast_to(tags, (VECTORS, FOLDS, 4)).astype(np.uint8),
    }
