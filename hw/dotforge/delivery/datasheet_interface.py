"""The datasheet's sections on how to drive a module: parameters, ports, payloads, codes, packets, protocol, paths."""

from itertools import groupby
from typing import Any

from ..facts import multipliers
from ..parameters import as_given, describe

__all__ = [
    "codes",
    "markdown_table",
    "parameters",
    "paths",
    "payloads",
    "ports",
    "protocol",
    "timing",
]

_STATES = {
    "low": "is low",
    "high": "is high",
    "follows": "follows the inputs below",
    "unknown": "may be high or low",
}

#: Bits of a code whose values are shown; longer tables are in the manifest alone.
_SHOWN_BITS = 8


def parameters(manifest: dict[str, Any], config: type) -> list[str]:
    """Return the parameters that matter here, with what ``auto`` and the like stand for.

    Parameters
    ----------
    manifest : of the engine
    config : class of its configuration
    """
    help_of = {row["name"]: row for row in describe(config)}
    resolved = manifest["resolved"]
    rows = [
        (
            f"`{name}`",
            as_given(given) + (f" → {as_given(resolved[name])}" if name in resolved else ""),
            help_of[name]["unit"],
            str(help_of[name]["allowed"]),
            help_of[name]["help"],
        )
        for name, given in manifest["parameters"].items()
        if name not in manifest["idle"]
    ]
    note = ["→: what the value stands for here.", ""] if resolved else []
    return [
        "## Parameters",
        "",
        *markdown_table(("parameter", "value", "unit", "allowed", "meaning"), rows),
        "",
        *note,
    ]


def timing(manifest: dict[str, Any]) -> list[str]:
    """Return throughput and the cycles between events."""
    interval = manifest["initiation_interval"]
    products = multipliers(manifest["parameters"])
    text = f"One beat every {interval} cycles" if interval > 1 else "One beat a cycle"
    if products:
        text += f": up to {products / interval:g} products a cycle"
    lines = ["## Throughput", "", text + ", as long as no neighbour pauses.", ""]
    rows = [
        (each["start"], each["end"], str(each["cycles"]), each.get("condition", ""))
        for each in manifest["intervals"]
    ]
    return lines + ([*markdown_table(("from", "to", "cycles", "if"), rows), ""] if rows else [])


def _port_meaning(port: dict[str, Any]) -> str:
    if port["role"] == "stream":
        return f"`{port['name'].rpartition('_')[2]}` of stream `{port['stream']}`"
    if port["role"] == "axi_lite":
        return f"`{port['name'].rpartition('_')[2]}` of the registers' AXI4-Lite slave"
    roles = {"clock": "clock, rising edge", "reset": "reset, synchronous, active high"}
    return port.get("meaning") or roles[port["role"]]


def ports(manifest: dict[str, Any]) -> list[str]:
    """Return all ports, and what the values of enumerations mean."""
    rows = [
        (f"`{port['name']}`", port["direction"], str(port["width"]), _port_meaning(port))
        for port in manifest["ports"]
    ]
    lines = ["## Ports", "", *markdown_table(("port", "direction", "bits", "meaning"), rows), ""]
    for port in manifest["ports"]:
        if "enumeration" in port:
            values = [
                (str(each["value"]), f"`{each['name']}`", each["meaning"]) for each in port["enumeration"]
            ]
            lines += [f"`{port['name']}`:", "", *markdown_table(("value", "name", "meaning"), values), ""]
    return lines


def payloads(manifest: dict[str, Any]) -> list[str]:
    """Return the fields of each stream, and of its packets."""
    lines = ["## Payloads", ""]
    for stream in manifest["streams"]:
        head = f"`{stream['prefix']}_tdata`, {stream['tdata_width']} bits: {stream.get('meaning', '')}"
        units = any(field["unit"] for field in stream["fields"])
        fields = [
            (
                f"`{field['name']}`",
                str(field["offset"]),
                str(field["width"]),
                str(field["lanes"]),
                "signed" if field["signed"] else "unsigned",
                field["format"],
                *([f"2^{field['unit']}" if field["unit"] else ""] if units else []),
                field["role"],
                field.get("meaning", "") + (f" (only with `{field['when']}`)" if field.get("when") else ""),
            )
            for field in stream["fields"]
        ]
        columns = ("field", "offset", "bits a lane", "lanes", "sign", "format", *(["unit"] if units else []),
                   "role", "meaning")  # fmt: skip
        lines += [head.rstrip(), "", *markdown_table(columns, fields), "", *_packet(stream)]
    return lines


def _packet(stream: dict[str, Any]) -> list[str]:
    """Return which beats and bits of a packet hold what; the manifest says it bit by bit."""
    if "packet" not in stream:
        return []
    rows = []
    for field in stream["packet"]["fields"]:
        by_beat = sorted(field["bits"], key=lambda bit: (bit["beat"], bit["bit"]))
        for beat, found in groupby(by_beat, key=lambda bit: bit["beat"]):
            bits = list(found)
            held = bits[0]["of"] if len(bits) == 1 else f"{bits[0]['of']} … {bits[-1]['of']}"
            rows.append((f"`{field['name']}`", str(beat), _ranges([bit["bit"] for bit in bits]), held))
    meanings = [f"- `{field['name']}`: {field['meaning']}" for field in stream["packet"]["fields"]]
    return [
        f"A packet of `{stream['name']}` is {stream['packet']['beats']} beats; `manifest.json` has it bit by bit.",
        "",
        *markdown_table(("field", "beat", "bits", "for"), rows),
        "",
        *meanings,
        "",
    ]


def _ranges(numbers: list[int]) -> str:
    """Return rising numbers as ranges: ``0…3, 8``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}…{run[-1]}" for run in runs)


def codes(manifest: dict[str, Any]) -> list[str]:
    """Return what the codes of each format stand for, once a format."""
    fields: dict[str, dict[str, Any]] = {}
    for stream in manifest["streams"]:
        for field in stream["fields"]:
            if field.get("encoding") or field.get("values"):
                fields.setdefault(field["format"], field)
    lines = ["## Codes", ""] if fields else []
    for name, field in fields.items():
        lines += [f"`{name}`, {field['width']} bits: {field['encoding']}.", ""]
        values = field.get("values", [])
        if values and field["width"] <= _SHOWN_BITS:
            across = min(8, len(values))
            rows = [
                (f"`0x{start:02x}`", *(_number(value) for value in values[start : start + across]))
                for start in range(0, len(values), across)
            ]
            lines += [*markdown_table(("code", *(f"+{step}" for step in range(across))), rows), ""]
        elif values:
            lines += ["`manifest.json` has the value of each code.", ""]
    return lines


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def protocol(manifest: dict[str, Any]) -> list[str]:
    """Return the rules of the streams, and what handshakes do in reset."""
    lines = ["## Protocol", "", *(f"- **{rule['topic']}**: {rule['text']}" for rule in manifest["rules"])]
    for stream in manifest["streams"]:
        wire = "tready" if stream["direction"] == "input" else "tvalid"
        lines.append(f"- In reset `{stream['prefix']}_{wire}` {_STATES[stream[f'{wire}_in_reset']]}.")
    if any(stream.get("tready_in_reset") not in (None, "low") for stream in manifest["streams"]):
        lines.append(f"- A beat that moves while `{manifest['reset']}` is high is lost.")
    return [*lines, ""]


def paths(manifest: dict[str, Any]) -> list[str]:
    """Return every combinational path from port to port, by output."""
    lines = ["## Combinational paths", ""]
    found: dict[str, list[str]] = {}
    for path in manifest["combinational_paths"]:
        found.setdefault(path["output"], []).append(f"`{path['input']}`")
    if not found:
        return [*lines, "None: registers are between all inputs and all outputs.", ""]
    rows = [(f"`{output}`", ", ".join(inputs)) for output, inputs in found.items()]
    return [
        *lines,
        "All that there are, from the netlist.",
        "",
        *markdown_table(("output", "inputs"), rows),
        "",
    ]


def markdown_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    head : headings of the columns
    rows : cells, as many as headings
    """
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
