"""The datasheet: what a designer wants to know before instantiating, in Markdown, from manifest and reports."""

import gc
import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import UnusedElaboratable

from ..export.design import Generated
from ..parameters import describe
from ..registry import configure, engine
from ..reports.compare import number
from ..synthesis import evidence
from ..synthesis.metrics import METRICS, heading, value

__all__ = ["datasheet"]

#: What holds for every engine.
_LIMITS = (
    "One clock. The reset is synchronous and must be held for at least one cycle before the first beat.",
    "`tdata` is whole bytes: bits above the payload are ignored on inputs and zero on outputs. There is no "
    "`tkeep`, `tstrb`, `tid`, `tdest` or `tuser`.",
    "Storage arrays have no power-up value and no reset; nothing reads a word before it is written.",
    "Fmax of an FPGA is that of the placed design with a register at every port; of standard cells it is that "
    "of the netlist without wires. Power is of the netlist without wires and glitches.",
)


def datasheet(
    generated: Generated,
    *,
    reports: Sequence[dict[str, Any]] = (),
    pictures: Mapping[str, str] | None = None,
    missing: str = "",
    clock_mhz: float = 100.0,
) -> str:
    """Return the datasheet of a generated engine.

    Parameters
    ----------
    generated : the engine
    reports : of `dotforge synth` for the same Verilog
    pictures : title → file beside the datasheet
    missing : why pictures of waveforms are not there
    clock_mhz : clock of the constraints
    """
    manifest = generated.manifest
    entry = engine(manifest["engine"])
    drawn = dict(pictures or {})
    lines = [
        f"# {manifest['top']}",
        "",
        f"{entry.summary[0].upper()}{entry.summary[1:]} ({entry.source}).",
        "",
        f"Latency {manifest['latency']} cycles from the last beat in to its result out, initiation interval "
        f"{manifest['initiation_interval']}. Clock `{manifest['clock']}` (rising edge), reset "
        f"`{manifest['reset']}` (synchronous, active high). A beat moves where `tvalid` and `tready` are both "
        "high; no `tvalid` waits for a `tready`.",
        "",
    ]
    if "Block diagram" in drawn:
        lines += [f"![Block diagram]({drawn.pop('Block diagram')})", ""]
    lines += [*_function(manifest), *_throughput(manifest), *_parameters(manifest, entry.config)]
    lines += [*_ports(manifest), *_payloads(manifest)]
    lines += ["## Waveforms", ""]
    if drawn:
        lines += ["From the bench's own run, whose results were compared with the golden model. A beat moves in "
                  "a shaded cycle.", ""]  # fmt: skip
    else:
        lines += [f"None: {missing or 'no simulation was asked for'}.", ""]
    for title, file in drawn.items():
        lines += [f"![{title}]({file})", ""]
    lines += _resources(manifest, reports)
    lines += [
        "## Registers",
        "",
        "The engine has no control registers and no register map: parameters are fixed when it is generated, and "
        "all control travels with the streams.",
        "",
        "## Known limits",
        "",
        *(f"- {text}" for text in _LIMITS),
        "",
        *_reproduce(manifest, reports, clock_mhz),
        "## Provenance",
        "",
        f"Verilog sha256 `{manifest['verilog_sha256']}`, "
        + ", ".join(f"{tool} {version}" for tool, version in manifest["tools"].items())
        + ". The bench in `bench/` runs with `make -C bench`.",
        "",
    ]
    return "\n".join(lines)


def _function(manifest: dict[str, Any]) -> list[str]:
    """Return what the engine's own documentation says, up to its list of parameters."""
    entry, config = configure(manifest["engine"], manifest["parameters"])
    with warnings.catch_warnings():
        # It is made to be asked what it is, and dropped, here and not at some later time.
        warnings.simplefilter("ignore", UnusedElaboratable)
        kind = type(entry.block(config))
        gc.collect()
    text = inspect.getdoc(kind) or ""
    told = text.partition("\nParameters\n")[0].strip()
    plain = [line.replace("``", "`") for line in told.splitlines()]
    while ":class:`" in " ".join(plain):
        plain = [line.replace(":class:`", "`") for line in plain]
    return ["## Function", "", *plain, ""]


def _throughput(manifest: dict[str, Any]) -> list[str]:
    interval = manifest["initiation_interval"]
    lanes = manifest["parameters"].get("lanes")
    text = f"One beat every {interval} cycles" if interval > 1 else "One beat a cycle"
    if lanes:
        text += f": up to {lanes / interval:g} products a cycle"
    return ["## Throughput", "", text + ", as long as no neighbour pauses.", ""]


def _parameters(manifest: dict[str, Any], config: type) -> list[str]:
    help_of = {row["name"]: row for row in describe(config)}
    rows = [
        (
            f"`{name}`",
            _text(given),
            help_of[name]["unit"],
            str(help_of[name]["allowed"]),
            help_of[name]["help"],
        )
        for name, given in manifest["parameters"].items()
    ]
    return ["## Parameters", "", *_table(("parameter", "value", "unit", "allowed", "meaning"), rows), ""]


def _ports(manifest: dict[str, Any]) -> list[str]:
    rows = [(f"`{port['name']}`", port["direction"], str(port["width"])) for port in manifest["ports"]]
    return ["## Ports", "", *_table(("port", "direction", "bits"), rows), ""]


def _payloads(manifest: dict[str, Any]) -> list[str]:
    lines = ["## Payloads", ""]
    for stream in manifest["streams"]:
        lines += [
            f"`{stream['prefix']}_tdata`, {stream['tdata_width']} bits: {stream.get('meaning', '')}".rstrip(),
            "",
        ]
        fields = [
            (
                f"`{field['name']}`",
                str(field["offset"]),
                str(field["width"]),
                str(field["lanes"]),
                "signed" if field["signed"] else "unsigned",
                field["format"],
                field.get("meaning", "") + (f" (only with `{field['when']}`)" if field.get("when") else ""),
            )
            for field in stream["fields"]
        ]
        head = ("field", "offset", "bits a lane", "lanes", "sign", "format", "meaning")
        lines += [*_table(head, fields), ""]
    return lines


def _resources(manifest: dict[str, Any], reports: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["## Resources", ""]
    if not reports:
        return [*lines, "No report yet: run the commands below, then `dotforge generate` again.", ""]
    metrics = [each for each in METRICS if any(value(report, each) is not None for report in reports)]
    head = (
        "target",
        "hierarchy",
        *(heading(each) for each in metrics),
    )
    rows = [
        (
            report["target"],
            report["options"].get("hierarchy", ""),
            *("" if value(report, each) is None else number(value(report, each)) for each in metrics),
        )
        for report in reports
    ]
    lines += [*_table(head, rows), ""]
    for report in reports:
        timing = report["timing"] or {}
        if "seeds" in timing:
            lines.append(
                f"- {report['target']}: Fmax is the median of {len(timing['seeds'])} seeds, from "
                f"{timing['fmax_low_mhz']:g} to {timing['fmax_high_mhz']:g} MHz, in {timing['device']}."
            )
        lines += [f"- {report['target']}: {note}." for note in report.get("notes", [])]
        tools = {name: tool for name, tool in report["tools"].items() if name not in manifest["tools"]}
        lines.append(
            f"- {report['target']}: " + ", ".join(f"{name} {tool}" for name, tool in tools.items()) + "."
        )
        if report.get("evidence"):
            lines.append(f"- {report['target']}: {evidence.describe(report)}.")
    return [*lines, ""]


def _reproduce(manifest: dict[str, Any], reports: Sequence[dict[str, Any]], clock_mhz: float) -> list[str]:
    """Return the commands behind every figure."""
    given = " ".join(f"-p {name}={_text(found)}" for name, found in manifest["parameters"].items())
    targets = list(dict.fromkeys(report["target"] for report in reports)) or ["cmos", "ecp5"]
    commands = [
        f"dotforge generate {manifest['engine']} {given} --name {manifest['top']} --clock-mhz {clock_mhz:g} -o DIR",
        "dotforge verify DIR",
    ]
    for target in targets:
        power = any(report["target"] == target and report.get("power") for report in reports)
        path = "liberty:PATH" if target.startswith("liberty:") else target
        commands.append(f"dotforge synth DIR --target {path}" + (" --power" if power else ""))
    return ["## How to reproduce every figure", "", "```", *commands, "```", ""]


def _text(parameter: Any) -> str:
    return str(parameter).lower() if isinstance(parameter, bool) else str(parameter)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
