"""The datasheet: what a designer wants to know before instantiating, in Markdown, from manifest and reports."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..export.design import Generated
from ..export.vivado import FLAG
from ..parameters import as_given
from ..registry import engine
from ..reports.compare import number
from ..synthesis import evidence
from ..synthesis.metrics import METRICS, heading, value
from . import datasheet_interface as interface
from .datasheet_interface import markdown_table
from .flows import FLOWS
from .software import register_section

__all__ = ["datasheet"]


def datasheet(
    generated: Generated,
    *,
    reports: Sequence[dict[str, Any]] = (),
    pictures: Mapping[str, str] | None = None,
    missing: str = "",
    clock_mhz: float = 100.0,
    flows: Sequence[str] = tuple(FLOWS),
) -> str:
    """Return the datasheet of a generated engine.

    Parameters
    ----------
    generated : the engine
    reports : of `dotforge synth` for the same Verilog
    pictures : title → file beside the datasheet
    missing : why pictures of waveforms are not there
    clock_mhz : clock of the constraints
    flows : whose files are beside the datasheet
    """
    manifest = generated.manifest
    entry = engine(manifest["engine"])
    drawn = dict(pictures or {})
    lines = [
        f"# {manifest['top']}",
        "",
        f"{entry.summary[0].upper()}{entry.summary[1:]} ({entry.source}).",
        "",
        f"Latency {_cycles(manifest['latency'])} from the last beat in to its result out, initiation interval "
        f"{manifest['initiation_interval']}. Clock `{manifest['clock']}` (rising edge), reset "
        f"`{manifest['reset']}` (synchronous, active high). A beat moves where `tvalid` and `tready` are both "
        "high; no `tvalid` waits for a `tready`.",
        "",
    ]
    if "Block diagram" in drawn:
        lines += [f"![Block diagram]({drawn.pop('Block diagram')})", ""]
    lines += ["## Function", "", *(line for text in manifest["function"] for line in (text, ""))]
    lines += [*interface.timing(manifest), *interface.parameters(manifest, entry.config)]
    for section in (
        interface.ports,
        interface.payloads,
        interface.codes,
        interface.protocol,
        interface.paths,
    ):
        lines += section(manifest)
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
        *register_section(manifest),
        *_limits(manifest, reports),
        *_flows(manifest["top"], flows),
        *_reproduce(manifest, reports, clock_mhz, flows),
        "## Provenance",
        "",
        f"Verilog sha256 `{manifest['verilog_sha256']}`, "
        + ", ".join(f"{tool} {version}" for tool, version in manifest["tools"].items())
        + ". The bench in `bench/` runs with `make -C bench`.",
        "",
    ]
    return "\n".join(lines)


def _flows(top: str, flows: Sequence[str]) -> list[str]:
    """Return which tools take the directory as it is, and by which command."""
    if not flows:
        return []
    rows = [(name, FLOWS[name].summary, f"`{FLOWS[name].use}`".replace("TOP", top)) for name in flows]
    return ["## Other flows", "", *markdown_table(("flow", "what is there", "use"), rows), ""]


def _cycles(number: int) -> str:
    return "1 cycle" if number == 1 else f"{number} cycles"


def _limits(manifest: dict[str, Any], reports: Sequence[dict[str, Any]]) -> list[str]:
    """Return what a designer has to know and might not expect, of this very module."""
    padded = any(
        stream["tdata_width"] > sum(field["width"] * field["lanes"] for field in stream["fields"])
        for stream in manifest["streams"]
    )
    kept = any(stream.get("tkeep") for stream in manifest["streams"])
    limits = [
        "One clock. The reset is synchronous and must be held for at least one cycle before the first beat.",
        f"There is no {'' if kept else '`tkeep`, '}`tstrb`, `tid`, `tdest` or `tuser`.",
    ]
    if padded:
        limits.append(
            "`tdata` is whole bytes: bits above the payload are ignored on inputs and zero on outputs."
        )
    if manifest["storage_bits"]:
        limits.append(
            f"Storage arrays ({manifest['storage_bits']:,} bits) have no power-up value and no reset; nothing reads a "
            "word before it is written."
        )
    timings = [report["timing"] for report in reports if report["timing"]]
    if any("seeds" in timing for timing in timings):
        limits.append("Fmax of an FPGA is that of the placed design with a register at every port.")
    if any("seeds" not in timing for timing in timings):
        limits.append("The shortest period of standard cells is that of the netlist without wires.")
    if any(report.get("power") for report in reports):
        limits.append("Power is of the netlist without wires and glitches.")
    return ["## Known limits", "", *(f"- {text}" for text in limits), ""]


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
    lines += [*markdown_table(head, rows), ""]
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


def _reproduce(
    manifest: dict[str, Any], reports: Sequence[dict[str, Any]], clock_mhz: float, flows: Sequence[str]
) -> list[str]:
    """Return the commands behind every figure."""
    given = " ".join(f"-p {name}={as_given(found)}" for name, found in manifest["parameters"].items())
    targets = list(dict.fromkeys(report["target"] for report in reports)) or ["cmos", "ecp5"]
    attributes = " --vivado-attributes" if manifest.get(FLAG) else ""
    only = "" if tuple(flows) == tuple(FLOWS) else f" --flow {','.join(flows) or 'none'}"
    commands = [
        f"dotforge generate {manifest['engine']} {given} --name {manifest['top']} --clock-mhz {clock_mhz:g}"
        f"{attributes}{only} -o DIR",
        "dotforge verify DIR",
    ]
    for target in targets:
        power = any(report["target"] == target and report.get("power") for report in reports)
        path = "liberty:PATH" if target.startswith("liberty:") else target
        commands.append(f"dotforge synth DIR --target {path}" + (" --power" if power else ""))
    return ["## How to reproduce every figure", "", "```", *commands, "```", ""]
