"""Batch evaluation of a bare block: arrays of input values in, arrays of output values out.

For blocks without streams (adders, multipliers, reduction trees, switches), combinational or pipelined. The
block is compiled once by Verilator and cached by its text; then vectors run at millions a second, which makes
exhaustive checks cheap::

    from dotforge.export.verilog import convert
    from dotforge_sim.simulator.cosim import evaluate

    design = convert(Multiplier(8))
    a, b = np.meshgrid(np.arange(256), np.arange(256))
    out = evaluate(design.verilog, design.top, design.ports, {"a": a.ravel(), "b": b.ravel()}, latency=2)
    assert np.array_equal(out["product"], (a * b).ravel())

Time, for a block with a clock: in cycle t the inputs have row t, the outputs settle, row t of every output is
sampled, and the clock rises. So the result of input row t of a block of latency L is output row t + L, and
``latency=L`` shifts it back to row t. Without a clock every row is one evaluation.

Arrays, in and out: see :mod:`dotforge_sim.simulator.words`. Outputs are unsigned; ``words.signed(out["sum"], 16)``
reads them as two's complement.
"""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from . import native, processes, words
from .native import NoVerdict, SimulatorError

__all__ = ["PortLike", "SimulatorError", "evaluate"]


class PortLike(Protocol):
    """A port of a Verilog module, such as :class:`dotforge.export.verilog.Port`."""

    @property
    def name(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def width(self) -> int: ...


def evaluate(
    verilog: str,
    top: str,
    ports: Iterable[PortLike],
    inputs: Mapping[str, Any],
    cycles: int | None = None,
    *,
    latency: int = 0,
    outputs: Iterable[str] | None = None,
    clock: str = "clk",
    reset: str = "rst",
    reset_cycles: int = 2,
    timeout: float = 600,
) -> dict[str, np.ndarray]:
    """Run a block over rows of inputs and return its outputs row by row.

    Parameters
    ----------
    verilog, top, ports : the module, as in :class:`dotforge.export.verilog.Design`
    inputs : a value for every input but clock and reset: an array or sequence with one item a cycle, or one
        integer that is held. Integers that do not fit in the port raise ValueError
    cycles : rows to return (default: the length of the longest input; shorter ones hold their last row)
    latency : rows to drop from the beginning, so that output row t belongs to input row t
    outputs : names of the outputs to return (default: all)
    clock, reset : names of those ports, where the block has them
    reset_cycles : cycles with reset high and all inputs zero before row 0 (the block may have no reset)
    timeout : seconds for the run

    Returns
    -------
    name → unsigned array with ``cycles`` rows, or uint8[cycles, ceil(width / 8)] above 64 bits

    Raises
    ------
    ToolMissing, SimulatorError
        See :mod:`dotforge_sim.simulator.native`; also when the run does not end in time or an assertion fails.
    """
    listed = list(ports)
    controls = [port for port in listed if port.name in (clock, reset) and port.direction == "input"]
    driven = [port for port in listed if port.direction == "input" and port not in controls]
    wanted = None if outputs is None else set(outputs)
    sampled = [p for p in listed if p.direction == "output" and (wanted is None or p.name in wanted)]
    _check_names("input", {port.name for port in driven}, set(inputs))
    if wanted is not None:
        _check_names("output", wanted, {port.name for port in sampled})

    columns = {port.name: words.to_words(inputs[port.name], port.width, port.name) for port in driven}
    rows = max((len(column) for column in columns.values()), default=0)
    if any(len(column) == 0 for column in columns.values()):
        empty = next(name for name, column in columns.items() if len(column) == 0)
        raise ValueError(f"{empty}: no value is given")
    cycles = rows if cycles is None else cycles
    if cycles <= 0:
        raise ValueError("cycles: at least one is wanted")

    # All outputs are part of the simulator, so that a choice of a few does not compile another one.
    everything = [port for port in listed if port.direction == "output"]
    simulator = native.build(_sources(verilog, top, controls, driven, everything, clock=clock, reset=reset))
    with processes.scratch() as directory:
        with (directory / "inputs").open("wb") as file:
            for port in driven:
                columns[port.name].tofile(file)
        counts = [str(len(columns[port.name])) for port in driven]
        keep = ["1" if port in sampled else "0" for port in everything]
        arguments = [str(cycles), str(latency), str(reset_cycles if controls else 0), *counts, *keep]
        try:
            done = processes.run([simulator, *arguments], cwd=directory, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            raise NoVerdict(f"{top}: {cycles} cycles did not end within {timeout:g} s") from expired
        if done.returncode:
            said = (done.stdout + done.stderr).strip() or f"exit {done.returncode}"
            # It ends with 3 when an assertion of the design failed.
            kind = SimulatorError if done.returncode == 3 else NoVerdict
            raise kind(f"{top}: the simulation stopped: {said[:500]}")
        data = np.fromfile(directory / "outputs", dtype=np.uint8)
    results, position = {}, 0
    for port in sampled:
        size = words.stride(port.width) * cycles
        column = data[position : position + size]
        position += size
        results[port.name] = (
            column.view(words.dtype_of(port.width)) if port.width <= 64 else column.reshape(cycles, -1)
        )
    return results


def _check_names(kind: str, wanted: set[str], given: set[str]) -> None:
    if missing := sorted(wanted - given):
        raise ValueError(f"no such or no value for {kind}: {', '.join(missing)}")
    if unknown := sorted(given - wanted):
        raise ValueError(f"not an {kind} of the block: {', '.join(unknown)}")


def _sources(
    verilog: str,
    top: str,
    controls: list[PortLike],
    driven: list[PortLike],
    sampled: list[PortLike],
    *,
    clock: str,
    reset: str,
) -> native.Sources:
    """Return the simulator: the block in a wrapper whose ports have names that C++ can say."""
    names: dict[str, str] = {}
    for port in controls:
        names[port.name] = "clk" if port.name == clock else "rst"
    names |= {port.name: f"i{index}" for index, port in enumerate(driven)}
    names |= {port.name: f"o{index}" for index, port in enumerate(sampled)}
    listed = [*controls, *driven, *sampled]
    ports = ",\n".join(f"  {port.direction} wire [{port.width - 1}:0] {names[port.name]}" for port in listed)
    links = ", ".join(f".{port.name}({names[port.name]})" for port in listed)
    wrapper = f"module dotforge_wrapper(\n{ports});\n  {top} dut ({links});\nendmodule\n"

    has_clock = any(port.name == clock for port in controls)
    has_reset = any(port.name == reset for port in controls)
    lines = [f"#define HAS_CLOCK {int(has_clock)}"]
    lines.append(f"#define SET_RESET(value) {'dut.rst = (value)' if has_reset else '(void)(value)'}")
    lines.append(_table("INPUTS", driven, names))
    lines.append(_table("OUTPUTS", sampled, names))
    main = "\n".join(lines) + "\n" + (Path(__file__).parent / "cosim.cpp").read_text(encoding="utf-8")
    return native.Sources(verilog + "\n" + wrapper, "dotforge_wrapper", main)


def _table(name: str, ports: list[PortLike], names: dict[str, str]) -> str:
    """Return a macro that calls X(index, port of the model, bytes of a row) for each port."""
    calls = (f"X({i}, dut.{names[port.name]}, {words.stride(port.width)})" for i, port in enumerate(ports))
    return f"#define {name} " + " ".join(calls) + f"\n#define {name}_COUNT {len(ports)}"
