"""Beats as files: text for ``$readmemh``, arrays for NumPy; and the commands of ``beats.py``."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .common import Pair

__all__ = ["from_hex", "main", "to_hex"]


def to_hex(stream: Mapping[str, Any], data: np.ndarray, last: np.ndarray) -> str:
    """Return a line a beat: {tlast, tdata} of a stream with tlast, else tdata, for ``$readmemh``.

    Parameters
    ----------
    stream : of the manifest
    data : uint8[n, bytes], low byte first
    last : bool[n]
    """
    width = stream["tdata_width"] + bool(stream["tlast"])
    words = np.zeros((len(data), -(-width // 8)), np.uint8)
    words[:, : data.shape[1]] = data
    if stream["tlast"]:
        words[:, stream["tdata_width"] // 8] |= last.astype(np.uint8) << stream["tdata_width"] % 8
    digits, size = -(-width // 4), 2 * words.shape[1]
    text = words[:, ::-1].tobytes().hex()
    return "".join(f"{text[at + size - digits : at + size]}\n" for at in range(0, len(text), size))


def from_hex(stream: Mapping[str, Any], text: str) -> Pair:
    """Return beats and tlast of what :func:`to_hex` or a simulator's ``$writememh`` wrote.

    Parameters
    ----------
    stream : of the manifest
    text : a word a line; comments, addresses and empty lines are left out

    Raises
    ------
    ValueError
        A line is no hexadecimal number of the width.
    """
    width, size = stream["tdata_width"], -(-stream["tdata_width"] // 8)
    lines = [line.partition("//")[0].strip().replace("_", "") for line in text.splitlines()]
    words = [int(line, 16) for line in lines if line and not line.startswith("@")]
    if any(word >> width + bool(stream["tlast"]) for word in words):
        raise ValueError(f"{stream['name']}: a word has more than {width + bool(stream['tlast'])} bits")
    low = (1 << width) - 1
    data = b"".join((word & low).to_bytes(size, "little") for word in words)
    last = np.array([word >> width for word in words], bool)
    return np.frombuffer(data, np.uint8).reshape(-1, size), last


def write(manifest: Mapping[str, Any], found: Mapping[str, Pair], directory: Path) -> None:
    """Write NAME.hex, NAME.npy and NAME.tlast.npy of every stream."""
    directory.mkdir(parents=True, exist_ok=True)
    for stream in manifest["streams"]:
        if stream["name"] in found:
            data, last = found[stream["name"]]
            (directory / f"{stream['name']}.hex").write_text(to_hex(stream, data, last), encoding="ascii")
            np.save(directory / f"{stream['name']}.npy", data)
            np.save(directory / f"{stream['name']}.tlast.npy", last)


def read(manifest: Mapping[str, Any], directory: Path, direction: str) -> dict[str, Pair]:
    """Return the beats of all streams of a direction that have a file, NAME.hex."""
    found = {}
    for stream in manifest["streams"]:
        path = directory / f"{stream['name']}.hex"
        if stream["direction"] == direction and path.is_file():
            found[stream["name"]] = from_hex(stream, path.read_text(encoding="ascii"))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run ``beats.py pack`` or ``beats.py unpack``; returns the exit code.

    Parameters
    ----------
    arguments : words of the command line (default: those of the process)
    """
    parser = argparse.ArgumentParser(prog="beats.py", description="Codes to beats, and beats to the product.")
    parser.add_argument("--manifest", type=Path, default=Path(__file__).resolve().with_name("manifest.json"))
    parser.add_argument("--settings", type=Path, help="beats.json of `dotforge run --save-beats`")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("pack", "write the beats of all inputs"),
        ("unpack", "write C of the beats of the outputs"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument(
            "operands", type=Path, help=".npz with a_elements, b_elements, a_units, b_units, …"
        )
        command.add_argument("directory", type=Path, help="of the beats")
        if name == "unpack":
            command.add_argument("-o", "--output", type=Path, required=True, help="C to write, .npy")
    given = parser.parse_args(arguments)
    try:
        manifest = json.loads(given.manifest.read_text(encoding="utf-8"))
        settings = (
            json.loads(given.settings.read_text(encoding="utf-8"))["settings"] if given.settings else {}
        )
        with np.load(given.operands, allow_pickle=False) as archive:
            operands = {name: archive[name] for name in archive.files if name != "about"}
        if given.command == "pack":
            write(manifest, globals()["beats"](manifest, operands, settings), given.directory)
        else:
            received = read(manifest, given.directory, "output")
            np.save(given.output, globals()["product"](manifest, operands, received, settings))
    except (OSError, ValueError, KeyError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        print(f"beats.py: {said}", file=sys.stderr)
        return 2
    return 0
