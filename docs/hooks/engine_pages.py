"""What the site says of an engine from its configuration: parameters, streams, waveforms, costs of the defaults."""

import json
import re
from pathlib import Path
from typing import Any

from markdown.extensions.toc import slugify

from dotforge import registry
from dotforge.delivery import datasheet_interface as interface
from dotforge.export.design import from_parameters
from dotforge.parameters import as_given, describe
from dotforge.pictures.markdown import table
from dotforge.synthesis.metrics import METRICS, heading, value

__all__ = ["names", "overview", "sections"]

ROOT = Path(__file__).parents[2]


def names() -> list[str]:
    """Return the engines that have a page."""
    return [name for name in registry.names() if (ROOT / "docs" / f"{name}.md").is_file()]


def overview() -> str:
    """Return the page that lists the engines, with what their defaults cost."""
    rows = [
        [f"[`{name}`]({name}.md)", entry.summary, entry.source] for name, entry in registry.engines().items()
    ]
    lines = ["# Engines", "", *table(["engine", "what it is", "source"], rows, align="l"), ""]
    lines += [
        "Every engine is one clocked module with AXI-Stream ports; `dotforge generate` writes it with manifest, "
        "constraints, bench and datasheet. Reports of the default configurations, from `reports/`:",
        "",
    ]
    return "\n".join([*lines, *_costs(list(registry.names()), first="engine")]) + "\n"


def _reports(name: str) -> list[dict[str, Any]]:
    paths = sorted((ROOT / "reports" / name).glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _costs(engines: list[str], *, first: str = "") -> list[str]:
    found = [report for name in engines for report in _reports(name)]
    metrics = [each for each in METRICS if any(value(report, each) is not None for report in found)]
    rows = []
    for report in found:
        figures = [value(report, each) for each in metrics]
        cells = ["" if each is None else f"{each:,}" for each in figures]
        rows.append([*([report["engine"]] if first else []), report["target"], *cells])
    return table(
        [*([first] if first else []), "target", *map(heading, metrics)], rows, align="llr" if first else "lr"
    )


def _drawing(title: str, file: str) -> str:
    """Return a picture that is a link to itself, where it can be enlarged."""
    return f"[![{title}](figures/{file})](figures/{file})"


def _changes(name: str) -> dict[str, Any] | None:
    """Return what changes of parameters cost; None where nobody measured it."""
    path = ROOT / "docs" / "figures" / "parameter_costs.json"
    return json.loads(path.read_text(encoding="utf-8")).get(name)


def _change(measured: dict[str, Any], parameter: str) -> str:
    found = measured["changes"].get(parameter)
    if found is None:
        return ""
    return f"`{found['value']}`: {found['transistors'] / measured['transistors'] - 1:+.1%}"


def sections(name: str) -> str:
    """Return parameters, interface, pictures and costs of an engine, as Markdown.

    Parameters
    ----------
    name : of the engine
    """
    config = registry.engine(name).config
    rows = [
        [
            f"`{row['name']}`",
            f"`{as_given(row['default'])}`",
            row["allowed"],
            row["unit"],
            row["help"],
        ]
        for row in describe(config)
    ]
    lines = ["## Parameters", "", f"As `dotforge list {name}` prints them."]
    heads = ["parameter", "default", "allowed", "unit", "meaning"]
    if measured := _changes(name):
        base = ", ".join(f"`{key}={as_given(value)}`" for key, value in measured["base"].items())
        lines[-1] += (
            f" The last column is what a change of that parameter alone does to the area of {base or 'the defaults'}, "
            f"{measured['transistors']:,} transistors."
        )
        heads.append("area")
        rows = [[*row, _change(measured, row[0].strip("`"))] for row in rows]
    elif found := re.search(
        r"^## (Area.*|What it costs.*)$", (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8"), re.M
    ):
        lines[-1] += f" What they cost is under [{found[1]}](#{slugify(found[1], '-')})."
    lines += ["", *table(heads, rows, align="l"), ""]
    manifest = from_parameters(name, {}).manifest
    lines += ["## Interface of the default configuration", ""]
    lines += [_drawing(f"Block diagram of {name}", f"{name}_block_diagram.svg"), ""]
    for section in (interface.payloads, interface.protocol, interface.timing):
        lines += [
            line.replace("## ", "### ", 1) if line.startswith("## ") else line for line in section(manifest)
        ]
    shown = json.loads((ROOT / "docs" / "figures" / "waveforms.json").read_text(encoding="utf-8"))[name]
    lines += ["## Waveforms of its bench", "", "A beat moves in a shaded cycle.", ""]
    for file, title in shown["pictures"].items():
        if not file.endswith("_block_diagram.svg"):
            lines += [_drawing(title, file), ""]
    lines += ["## What the defaults cost", "", *_costs([name]), ""]
    return "\n".join(lines) + "\n"
