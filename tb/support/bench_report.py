"""What a bench tells the command that runs it: how many vectors it compared.

The command names a file in the environment variable ``DOTFORGE_BENCH_SUMMARY``. Without it, as in a plain
cocotb flow, the counts only go to the log.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from coverage_bins import COUNTS

__all__ = ["manifest", "parameters", "report"]

_summary: dict[str, Any] = {"vectors": 0, "mismatches": 0}


def report(
    *, vectors: int, mismatches: int = 0, useful_macs: int = 0, values: int = 0, **details: Any
) -> None:
    """Add the counts of one test; the summary holds the totals over all tests.

    Parameters
    ----------
    vectors : values compared with golden
    mismatches : how many of them differed
    useful_macs : products of two nonzero operands behind these values; power reports divide by their total
    values : values that were converted, of an engine that multiplies nothing; power reports divide by their total
    details : more facts for the summary, such as coverage counts; a later value replaces an earlier one
    """
    counts = {
        "vectors": _summary["vectors"] + int(vectors),
        "mismatches": _summary["mismatches"] + int(mismatches),
    }
    for name, count in (("useful_macs", useful_macs), ("values", values)):
        if count:
            counts[name] = _summary.get(name, 0) + int(count)
    _summary.update({**details, **counts, "seed": cocotb.RANDOM_SEED})
    if COUNTS:
        _summary["coverage"] = dict(sorted(COUNTS.items()))
    cocotb.log.info("compared %d vectors, %d differ, seed %d", vectors, mismatches, cocotb.RANDOM_SEED)
    if name := os.environ.get("DOTFORGE_BENCH_SUMMARY"):
        Path(name).write_text(json.dumps(_summary, allow_nan=False), encoding="utf-8")


def manifest() -> dict[str, Any]:
    """Return the manifest of the design: the file in ``DOTFORGE_MANIFEST``, or ``manifest.json`` here."""
    name = os.environ.get("DOTFORGE_MANIFEST", "manifest.json")
    return json.loads(Path(name).read_text(encoding="utf-8"))


def parameters() -> dict[str, Any]:
    """Return the parameters of the design: those in ``DOTFORGE_BENCH_PARAMETERS``, else the manifest's."""
    given = os.environ.get("DOTFORGE_BENCH_PARAMETERS")
    return json.loads(given) if given else manifest()["parameters"]
