"""What a Flex-DPU costs beside as many Flex-DPEs with the same options, and its packets and registers."""

from typing import Any

from ..export.design import from_parameters
from ..pictures import markdown
from .measured import cost
from .parts import Progress, Rows

__all__ = ["SIZES", "area_table", "areas"]

#: Flex-DPEs, and lanes of each.
SIZES = ((2, 8), (4, 32))


def areas(progress: Progress, sizes: tuple[tuple[int, int], ...] = SIZES) -> Rows:
    """Measure the unit with one group, with streams and on a bus, and a Flex-DPE with the same options.

    Parameters
    ----------
    progress : takes a line for each netlist
    sizes : Flex-DPEs, and lanes of each
    """
    found = []
    for engines, lanes in sizes:
        unit = {"engines": engines, "lanes": lanes, "groups": 1}
        designs: list[tuple[str, dict[str, Any]]] = [
            ("flexdpe", {"lanes": lanes, "optimize": "none", "row_bits": 8}),
            ("flexdpu", unit),
            ("flexdpu", {**unit, "interface": "axi"}),
        ]
        for engine, parameters in designs:
            progress(f"area of {engine} {parameters}")
            made = from_parameters(engine, parameters)
            found.append(
                {
                    "engine": engine,
                    "count": engines if engine == "flexdpe" else 1,
                    "parameters": parameters,
                    "sha256": made.manifest["verilog_sha256"],
                    **cost(made.verilog, made.top, summed=True),
                }
            )
    return found


def area_table(rows: Rows) -> list[str]:
    """Return the lines of a Markdown table."""
    body = []
    parts = 0
    for row in rows:
        transistors, bits = (row["count"] * row[name] for name in ("transistors", "memory_bits"))
        told = {
            name: value for name, value in row["parameters"].items() if name not in ("optimize", "row_bits")
        }
        text = ", ".join(f"{name}={value}" for name, value in told.items())
        ratio = ""
        if row["engine"] == "flexdpe":
            parts = transistors
            text = f"{row['count']} × `flexdpe`, {text}"
        else:
            text = f"`flexdpu`, {text}"
            ratio = f"{transistors / parts:.3f}"
        body.append([text, f"{transistors:,}", ratio, f"{bits:,}"])
    head = ["INT8", "transistors", "ratio", "memory bits, not in it"]
    return ["Area, sum over modules:", "", *markdown.table(head, body)]
