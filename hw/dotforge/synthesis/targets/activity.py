"""Power from the bench's own run: the bench drives the netlist, toggles are counted, OpenSTA weighs them.

The cells are simulated by what the Liberty says of their function, without delays: glitches do not count.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dotforge_golden
from dotforge_sim.simulator import bench, processes

from ...export.design import Generated
from ...tools import source, yosys
from ...tools.files import data_directory
from ...verify import recording
from ...verify.benches import bench_directory
from . import cell_power, power_tables, sta_check
from .base import Settings
from .cell_power import Instance, weigh
from .library import Library
from .sta import opensta_version, power, slews

__all__ = ["Toggles", "count_toggles", "figure", "flow", "instances", "pins", "power_of_bench", "watts"]


def flow(engine: str) -> str:
    """Return a hash of the bench of an engine, its golden model, and the code that runs it and counts toggles."""
    benches = data_directory("tb")
    golden = Path(dotforge_golden.__file__).parent
    code = source.code(recording, bench, cell_power, power_tables, sta_check, __name__)
    return source.digest(source.bench(bench_directory(engine), benches / "support", golden), code)


@dataclass
class Toggles:
    """What a waveform says.

    Attributes
    ----------
    cycles : rising edges of the clock
    nets : bit of a signal (``name`` or ``name[index]``) → toggles, and the part of the time that it is high
    """

    cycles: int = 0
    nets: dict[str, tuple[int, float]] = field(default_factory=dict)


@dataclass
class _Bit:
    value: str = "x"
    toggles: int = 0
    high: int = 0
    since: int = 0


def count_toggles(vcd: Iterator[str], scope: str, clock: str) -> Toggles:
    """Count in the lines of a VCD file, for the signals of one scope.

    Parameters
    ----------
    vcd : lines of the file
    scope : name of the scope, without those around it
    clock : name of the clock
    """
    signals = _declared(vcd, scope)
    bits = {identifier: [_Bit() for _ in range(found[0][1])] for identifier, found in signals.items()}
    end = _follow(vcd, bits)
    result = Toggles()
    for identifier, names in signals.items():
        for name, width in names:
            for index, bit in enumerate(bits[identifier]):
                key = name if width == 1 else f"{name}[{index}]"
                result.nets[key] = (bit.toggles, bit.high / end if end else 0.0)
    result.cycles = result.nets[clock][0] // 2
    return result


def _declared(vcd: Iterator[str], scope: str) -> dict[str, list[tuple[str, int]]]:
    """Return identifier → names and widths; one identifier may stand for several signals that are one net."""
    signals: dict[str, list[tuple[str, int]]] = {}
    inside: list[str] = []
    for line in vcd:
        words = line.split()
        if words[:1] == ["$scope"]:
            inside.append(words[2])
        elif words[:1] == ["$upscope"]:
            inside.pop()
        elif words[:1] == ["$var"] and inside[-1:] == [scope]:
            signals.setdefault(words[3], []).append((words[4], int(words[2])))
        elif words[:1] == ["$enddefinitions"]:
            break
    return signals


def _follow(vcd: Iterator[str], bits: dict[str, list[_Bit]]) -> int:
    """Let bits follow their changes; returns the time of the end."""
    now = 0
    for line in vcd:
        head = line[0]
        if head == "#":
            now = int(line[1:])
        elif head in "01":
            if (one := bits.get(line[1:].strip())) is not None:
                _change(one[0], head, now)
        elif head == "b":
            value, identifier = line[1:].split()
            if (several := bits.get(identifier)) is not None:
                for bit, digit in zip(several, reversed(value.rjust(len(several), "0")), strict=True):
                    _change(bit, digit, now)
    for several in bits.values():
        for bit in several:
            _change(bit, bit.value, now)
    return now


def _change(bit: _Bit, value: str, now: int) -> None:
    if bit.value == "1":
        bit.high += now - bit.since
    if value != bit.value:
        bit.toggles += bit.value in "01"
        bit.value = value
    bit.since = now


def instances(netlist: str) -> Iterator[Instance]:
    """Yield the cells of a netlist of cells."""
    for found in re.finditer(r"^  (\w+) (\w+|\\\S+ ) ?\(\n(.*?)\n  \);", netlist, re.M | re.S):
        nets = {
            pin: net.replace("\\", "").replace(" ", "")
            for pin, net in re.findall(r"\.(\w+)\((.*?)\)(?:,|$)", found[3], re.M)
        }
        yield Instance(found[2].strip().lstrip(chr(92)), found[1], nets)


def pins(netlist: str) -> Iterator[tuple[str, str]]:
    """Yield every connected pin of a netlist of cells, as ``instance/PIN``, and the bit that it is on."""
    for instance in instances(netlist):
        for pin, net in instance.nets.items():
            yield f"{instance.name}/{pin}", net


def _with_models(netlist: str, library: Library, settings: Settings) -> str:
    """Return the netlist and what its cells do; only the netlist's own signals are traced."""
    script = ["read_liberty -ignore_miss_func cells.lib", "proc", "write_verilog -noattr models.v"]
    text = yosys.run(
        script, {"cells.lib": library.text}, ["models.v"], yosys=settings.yosys, timeout=settings.timeout
    )["models.v"]
    models = {found[1]: found[0] for found in re.finditer(r"^module (\w+).*?^endmodule$", text, re.M | re.S)}
    used = sorted({found[1] for found in re.finditer(r"^  (\w+) \S+ +\(", netlist, re.M)} & set(models))
    parts = ["/* verilator tracing_off */", *(models[cell] for cell in used), "/* verilator tracing_on */"]
    return "\n".join([*parts, netlist])


def figure(found: float) -> float:
    """Round to six digits: however small a figure is, it does not become nothing."""
    return float(f"{found:.6g}")


def power_of_bench(
    netlist: str, generated: Generated, library: Library, settings: Settings
) -> dict[str, Any]:
    """Return power at the clock of the constraints, and energy a useful MAC, over the bench's run.

    Parameters
    ----------
    netlist : flat, of cells of the library, whose nets and instances have names without a leading underscore
    generated : the design, whose bench runs
    library : cells that the netlist is made of
    settings : what was chosen for the run
    """
    manifest = generated.manifest
    with processes.scratch() as directory:
        result = recording.recorded_run(
            _with_models(netlist, library, settings),
            generated,
            directory,
            timeout=settings.timeout,
            waves=True,
        )
        counts = json.loads((directory / "vectors.json").read_text(encoding="utf-8"))
        with (directory / "dump.vcd").open(encoding="utf-8") as vcd:
            toggles = count_toggles(vcd, generated.top, manifest["clock"])
    nets = {net: (count / toggles.cycles, high) for net, (count, high) in toggles.nets.items()}
    activity = {pin: nets[net] for pin, net in pins(netlist) if net in nets}
    found, weighed_by = watts(netlist, manifest, library, nets, activity, settings)
    useful, values = counts.get("useful_macs"), counts.get("values")
    joules = found["total"] * toggles.cycles / (settings.clock_mhz * 1e6)
    return {
        **{f"{part}_mw": figure(found[part] * 1e3) for part in ("internal", "switching", "leakage")},
        "power_mw": figure(found["total"] * 1e3),
        "energy_pj_per_mac": figure(joules * 1e12 / useful) if useful else None,
        "energy_pj_per_value": figure(joules * 1e12 / values) if values else None,
        "clock_mhz": settings.clock_mhz,
        "weighed_by": weighed_by,
        "activity": {
            "source": "the recorded run of the bench on the netlist, without delays and wires",
            "tests": result.tests,
            "vectors": result.vectors,
            "cycles": toggles.cycles,
            "useful_macs": useful,
            "values": values,
            "pins": len(activity),
            "mean_toggles_a_cycle": round(sum(rate for rate, _ in activity.values()) / len(activity), 4),
        },
    }


def watts(
    netlist: str,
    manifest: Mapping[str, Any],
    library: Library,
    nets: Mapping[str, tuple[float, float]],
    activity: Mapping[str, tuple[float, float]],
    settings: Settings,
) -> tuple[dict[str, float], str]:
    """Return power, and who weighed: OpenSTA, or :mod:`.cell_power` where it is not right about two known cells.

    Parameters
    ----------
    netlist : flat Verilog of cells of the library
    manifest : of the design
    library : cells that the netlist is made of
    nets : net → toggles a clock cycle, part of the time that it is high
    activity : the same by pin (``instance/PIN`` or port)
    settings : what was chosen for the run
    """
    complaint = sta_check.complaint(opensta_version())
    if not complaint:
        return power(netlist, manifest, library, activity, settings), str(opensta_version())
    cells = list(instances(netlist))
    tables = library.power(sorted({cell.cell for cell in cells}))
    hertz = settings.clock_mhz * 1e6
    found = weigh(
        cells,
        tables,
        {net: (rate * hertz, high) for net, (rate, high) in nets.items()},
        slews(netlist, manifest, library, activity, settings),
    )
    return found, f"the Liberty's tables at the slews of OpenSTA, whose own report is wrong ({complaint})"
