"""The datasheet: what a designer wants to know before instantiating, in Markdown, from the manifest."""

from ..parameters import describe
from ..registry import engine
from .generated import Generated

__all__ = ["datasheet"]


def datasheet(generated: Generated) -> str:
    """Return the datasheet of a generated engine."""
    manifest = generated.manifest
    entry = engine(manifest["engine"])
    help_of = {row["name"]: row for row in describe(entry.config)}
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
        "## Parameters",
        "",
    ]
    rows = [
        (f"`{name}`", str(value), help_of[name]["unit"], help_of[name]["help"])
        for name, value in manifest["parameters"].items()
    ]
    lines += _table(("parameter", "value", "unit", "meaning"), rows)
    lines += ["", "## Ports", ""]
    lines += _table(
        ("port", "direction", "bits"),
        [(f"`{port['name']}`", port["direction"], str(port["width"])) for port in manifest["ports"]],
    )
    lines += ["", "## Payloads", ""]
    for stream in manifest["streams"]:
        lines += [f"`{stream['prefix']}_tdata`, {stream['tdata_width']} bits:", ""]
        fields = [
            (
                f"`{field['name']}`",
                str(field["offset"]),
                str(field["width"]),
                str(field["lanes"]),
                "signed" if field["signed"] else "unsigned",
                field["format"],
            )
            for field in stream["fields"]
        ]
        lines += [*_table(("field", "offset", "bits a lane", "lanes", "sign", "format"), fields), ""]
    lines += [
        "## Provenance",
        "",
        f"Verilog sha256 `{manifest['verilog_sha256']}`, "
        + ", ".join(f"{tool} {version}" for tool, version in manifest["tools"].items())
        + ". The bench in `bench/` runs with `make -C bench`.",
        "",
    ]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
