"""``board``: a self-test bitstream of an engine, simulated first, built with tools from PyPI.

What a board is (device, package, clock, pins of LEDs, buttons and serial line) comes from amaranth-boards.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dotforge_sim.simulator import bench, processes

from ..export.design import Generated
from ..export.verilog import Design, convert
from ..synthesis.targets import TargetError
from ..tools import first_use
from ..tools.files import data_directory, write_bytes, write_text
from ..tools.process import ToolError
from ..verify.recording import Recording
from ..verify.valid_bits import gates
from ..verify.vectors import vectors
from .boards import BOARDS, Board
from .self_test import SelfTest, Stream, messages
from .top import BoardTop

__all__ = ["BOARDS", "Board", "build", "check_tools", "names", "self_test", "simulate"]

#: Bits a second on the serial line.
BAUD = 115_200


def check_tools(board: Board) -> None:
    """Make sure that the tools of a board are installed: what comes before a build takes time.

    Raises
    ------
    TargetError
        One is not.
    """
    for package in board.packages:
        if importlib.util.find_spec(package.replace("-", "_")) is None:
            raise TargetError(f"{board.name} needs {package}: pip install 'dotforge[{board.optional}]'")


def self_test(generated: Generated, recording: Recording, clock_hz: float, *, pause: float = 1.0) -> SelfTest:
    """Return the self-test of an engine with the golden vectors of its bench.

    Parameters
    ----------
    generated : the engine
    recording : of its bench
    clock_hz : of the board
    pause : seconds between two messages on the serial line

    Raises
    ------
    TargetError
        The engine begins when a register is written, which a self-test does not do.
    """
    if any(port["role"] == "axi_lite" for port in generated.manifest["ports"]):
        raise TargetError(f"{generated.engine} with registers has no self-test: allowed interface=streams")
    golden = vectors(generated, recording)
    streams: dict[str, list[Stream]] = {"input": [], "output": []}
    for stream in generated.manifest["streams"]:
        beats = golden[f"{stream['direction']}s"][stream["name"]]
        width = stream["tdata_width"]
        words = tuple(int(data, 16) | (last << width if stream["tlast"] else 0) for data, last, *_ in beats)
        if words or stream["direction"] == "input":
            streams[stream["direction"]].append(
                Stream(stream["prefix"], width, stream["tlast"], words, gates(stream))
            )
    widths = {port["name"]: port["width"] for port in generated.manifest["ports"]}
    return SelfTest(
        top=generated.top,
        inputs=tuple(streams["input"]),
        outputs=tuple(streams["output"]),
        held=tuple((name, widths[name], value) for name, value in golden["ports"].items()),
        exact=golden["complete"],
        divisor=round(clock_hz / BAUD),
        pause=max(1, round(clock_hz * pause)),
    )


def names(board: Board, generated: Generated) -> list[str]:
    """Return the files that may be written for a board.

    Parameters
    ----------
    board : what it is for
    generated : the engine
    """
    top = f"{generated.top}_selftest"
    simulation = ("results.xml", "bench.log", "vectors.json", top)
    return [
        f"{generated.top}.v", f"{top}.v", f"{generated.top}_{board.name}.bit", f"{generated.top}_{board.name}.bin",
        f"{generated.top}_{board.name}.fs",
        *(f"simulation/{name}" for name in simulation),
    ]  # fmt: skip


def simulate(
    test: SelfTest, generated: Generated, directory: Path, *, timeout: float = 600
) -> bench.BenchResult:
    """Run the self-test itself under Verilator: it passes, it fails when disturbed, it passes again after reset.

    The bench reads the verdict from the pins and from the serial line.

    Parameters
    ----------
    test : self-test around the engine
    generated : the engine
    directory : where the files go; it has to be there
    timeout : seconds

    Raises
    ------
    BenchFailure
        The self-test does not do that.
    """
    design = _design(test, generated)
    beats = sum(len(stream.beats) for stream in test.outputs)
    return bench.run(
        f"{generated.verilog}\n{design.verilog}",
        design.top,
        data_directory("tb") / "selftest",
        "test_selftest",
        build_dir=directory,
        parameters={
            "divisor": test.divisor,
            "texts": messages(generated.top, beats),
            "beats": beats,
            "patience": test.patience,
        },
        timeout_seconds=timeout,
    )


def _design(test: SelfTest, generated: Generated) -> Design:
    return convert(test, name=f"{generated.top}_selftest")


@contextlib.contextmanager
def _environment(board: Board) -> Iterator[None]:
    """Point Amaranth at the tools of this Python environment."""
    scripts = Path(sys.executable).parent
    wanted = {name: str(scripts / program) for name, program in board.tools.items()}
    # amaranth-boards asks for the loader of the ULX3S even where nothing is loaded.
    wanted["OPENFPGALOADER"] = "true"
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def build(
    board: Board,
    variant: str,
    test: SelfTest,
    generated: Generated,
    directory: Path,
    *,
    timeout: float = 1800,
) -> dict[str, Any]:
    """Build the bitstream into a directory that is there.

    Parameters
    ----------
    variant : name of one of the board's devices
    test : self-test around the engine
    generated : the engine
    directory : where the files go; it has to be there
    timeout : seconds

    Returns
    -------
    What the record, ``board.json``, says: files with their hashes, Fmax against the board's clock, resources, tools.

    Raises
    ------
    TargetError
        A tool is not installed.
    ToolError
        The design does not fit, is too slow for the board's clock, or a tool failed or did not end in time.
    """
    check_tools(board)
    platform = board.platform(variant)
    name = f"{generated.top}_{board.name}"
    design = _design(test, generated)
    platform.add_file(f"{generated.top}.v", generated.verilog)
    platform.add_file(f"{design.top}.v", design.verilog)
    with _environment(board):
        plan = platform.build(BoardTop(design.top), name=name, do_build=False, **board.options)
        with processes.scratch(directory, ".build.") as work:
            plan.extract(work)
            _run_script(work / plan.script, timeout, board)
            return _collect(board, variant, platform, name, work, directory, generated, design)


def _run_script(script: Path, timeout: float, board: Board) -> None:
    log = script.parent / "build.log"
    with log.open("w") as output:
        name = script.name if script.suffix else f"{script.name}.sh"
        try:
            with processes.started(
                ["sh", f"./{name}"], cwd=script.parent, stdout=output, stderr=output, temporary=script.parent
            ) as process:
                code = first_use.wait(process, log, timeout)
        except subprocess.TimeoutExpired as expired:
            raise ToolError(f"{board.name}: the build did not end within {timeout:g} s") from expired
    if code:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if "ERROR" in line] or lines[-1:] or [f"exit {code}"]
        raise ToolError(f"{board.name}: {errors[0].strip()}")


def _collect(
    board: Board,
    variant: str,
    platform: Any,
    name: str,
    work: Path,
    directory: Path,
    generated: Generated,
    design: Design,
) -> dict[str, Any]:
    made = (work / f"{name}.{suffix}" for suffix in ("bit", "bin", "fs"))
    bitstream = next(path for path in made if path.is_file())
    log = (work / f"{name}.tim").read_text(encoding="utf-8", errors="replace")
    fmax = re.findall(r"Max frequency for clock\s+'[^']+':\s+([\d.]+) MHz \((PASS|FAIL)", log)
    used = dict(re.findall(r"Info:\s+(\w+):\s+(\d+)/\s*\d+\s+\d+%", log))
    content = bitstream.read_bytes()
    path = directory / bitstream.name
    write_bytes(path, content)
    write_text(directory / f"{generated.top}.v", generated.verilog)
    write_text(directory / f"{design.top}.v", design.verilog)
    return {
        "board": board.name,
        "variant": variant or next(iter(board.variants)),
        "device": platform.device,
        "engine": generated.engine,
        "parameters": generated.manifest["parameters"],
        "verilog_sha256": generated.manifest["verilog_sha256"],
        "bitstream": bitstream.name,
        "bitstream_sha256": hashlib.sha256(content).hexdigest(),
        "clock_mhz": platform.default_clk_frequency / 1e6,
        "fmax_mhz": float(fmax[-1][0]) if fmax else None,
        "used": {cell: int(count) for cell, count in used.items() if int(count)},
        "tools": {package: importlib.metadata.version(package) for package in
                  (*board.packages, "amaranth", "amaranth-boards")},
        "load": f"{board.loader} {bitstream.name}",
    }  # fmt: skip


#: For type checkers of callers that pass a build in.
Builder = Callable[..., dict[str, Any]]
