"""The beats of a product that was run: what other benches and boards send, and what they are to get.

::

    beats.json                     engine, parameters, settings, streams and their files; the record of the run
    operands.npz, product.npy      codes and units as `--save-quantized` writes them, and C
    inputs/STREAM.hex              a beat a line, {tlast, tdata} where the stream has tlast, for $readmemh
    inputs/STREAM.npy, .tlast.npy  the same as uint8[beats, bytes], low byte first, and bool[beats]
    outputs/STREAM.…               what the RTL gave, each sum compared with golden; bits that mean nothing are zero
    outputs/STREAM.mask.hex, .npy  which bits mean something, of a stream whose fields wait for a flag

A product that takes more than one run of the simulator is one sequence of beats: no reset is needed in between.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_sim.host.files import to_hex
from dotforge_sim.simulator.joined import join
from dotforge_sim.simulator.recorder import Recorded

from ..tools.files import make_directory, write_bytes, write_text
from ..verify.valid_bits import gates

__all__ = ["RECORD", "names", "settings_of", "write_beats"]

#: The file that says what the others are.
RECORD = "beats.json"

#: What a report says that decides how operands become beats.
_SETTINGS = ("stationary", "regor", "group")


def names(manifest: Mapping[str, Any]) -> list[str]:
    """Return the files that are written beside :data:`RECORD`.

    Parameters
    ----------
    manifest : of the engine
    """
    found = ["operands.npz", "product.npy", "product.npz"]
    for stream in manifest["streams"]:
        stem = _stem(stream)
        found += [f"{stem}.hex", f"{stem}.npy", f"{stem}.tlast.npy"]
        if _masked(stream):
            found += [f"{stem}.mask.hex", f"{stem}.mask.npy"]
    return found


def settings_of(statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a run decides how operands become beats.

    Parameters
    ----------
    statistics : of the run
    """
    return {name: statistics[name] for name in _SETTINGS if statistics.get(name) is not None}


def write_beats(
    directory: Path, manifest: Mapping[str, Any], runs: Sequence[Recorded], arrays: Mapping[str, Any], c: Any
) -> dict[str, Any]:
    """Write everything but the record, and return what that says of it.

    Parameters
    ----------
    directory : that is there
    manifest : of the engine
    runs : of the simulator
    arrays : codes and units
    c : the product, an array or a matrix of SciPy
    """
    wires = {
        f"{s['prefix']}_{wire}"
        for s in manifest["streams"]
        for wire in ("tdata", "tvalid", "tready", "tlast", "tkeep")
    }
    wires |= {manifest["clock"], manifest["reset"]}
    for direction in ("inputs", "outputs"):
        make_directory(directory / direction)
    whole = [replace(run, inputs=join(list(manifest["streams"]), run.inputs)) for run in runs]
    said = [_write_stream(directory, stream, whole) for stream in manifest["streams"]]
    write_bytes(directory / "operands.npz", _bytes(lambda file: np.savez(file, **arrays)))
    if isinstance(c, np.ndarray):
        write_bytes(directory / "product.npy", _bytes(lambda file: np.save(file, c)))
    else:
        import scipy.sparse  # noqa: PLC0415 - dense products need no SciPy

        write_bytes(directory / "product.npz", _bytes(lambda file: scipy.sparse.save_npz(file, c)))
    return {
        "ports": {
            port["name"]: 0
            for port in manifest["ports"]
            if port["direction"] == "input" and port["name"] not in wires
        },
        "expected": "what the RTL gave in this run, in which every sum equals that of the golden model",
        "streams": said,
    }


def _stem(stream: Mapping[str, Any]) -> str:
    return f"{stream['direction']}s/{stream['name']}"


def _masked(stream: Mapping[str, Any]) -> bool:
    return stream["direction"] == "output" and bool(gates(stream))


def _bytes(save: Any) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def _write_stream(directory: Path, stream: Mapping[str, Any], runs: Iterable[Recorded]) -> dict[str, Any]:
    size, stem = -(-stream["tdata_width"] // 8), _stem(stream)
    parts = [(np.zeros((0, size), np.uint8), np.zeros(0, bool))]
    for run in runs:
        if stream["direction"] == "output":
            received = run.outputs[stream["name"]]
            parts.append((received.data, received.last))
        elif (beats := run.inputs.get(stream["name"])) is not None:
            parts.append((beats.data, np.zeros(len(beats.data), bool) if beats.last is None else beats.last))
    data = np.concatenate([each for each, _ in parts])
    last = np.concatenate([each for _, each in parts])
    said = {
        **{name: stream[name] for name in ("name", "direction", "prefix", "tdata_width", "tlast")},
        "regroups": bool(stream.get("regroups")),
        "beats": len(data),
        "hex": f"{stem}.hex",
        "npy": f"{stem}.npy",
        "tlast_npy": f"{stem}.tlast.npy",
    }
    if _masked(stream):
        mask = _mask(stream, data)
        data = data & mask
        _write_array(directory / f"{stem}.mask.npy", mask)
        write_text(directory / f"{stem}.mask.hex", to_hex(stream, mask, np.ones(len(mask), bool)))
        said |= {"mask_hex": f"{stem}.mask.hex", "mask_npy": f"{stem}.mask.npy"}
    write_text(directory / f"{stem}.hex", to_hex(stream, data, last))
    _write_array(directory / f"{stem}.npy", data)
    _write_array(directory / f"{stem}.tlast.npy", last)
    return said


def _write_array(path: Path, array: np.ndarray) -> None:
    write_bytes(path, _bytes(lambda file: np.save(file, array)))


def _mask(stream: Mapping[str, Any], data: np.ndarray) -> np.ndarray:
    """Return the bits of beats that mean something: those of a field that waits for a flag only with it."""
    width = stream["tdata_width"]
    mask = np.empty_like(data)
    for first in range(0, len(data), 4096):
        some = slice(first, first + 4096)
        bits = np.unpackbits(data[some], axis=1, bitorder="little")
        kept = np.zeros_like(bits)
        kept[:, :width] = 1
        for offset, size, flag in gates(stream):
            kept[:, offset : offset + size] &= bits[:, flag : flag + 1]
        mask[some] = np.packbits(kept, axis=1, bitorder="little")
    return mask
