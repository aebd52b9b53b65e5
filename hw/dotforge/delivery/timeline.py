"""``run --timeline``: a page on what an engine did in the cycles of a run, opened from disk."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from dotforge_sim.run.errors import RunError
from dotforge_sim.run.gemm import RunResult
from dotforge_sim.run.timeline import CAUSES, Timeline, timeline
from dotforge_sim.simulator.recorder import Recorded

from ..pictures.svg import colours

__all__ = ["page"]

_TEMPLATE = Path(__file__).with_name("timeline.html")


def page(runs: Sequence[Recorded], result: RunResult) -> str:
    """Return the page, HTML with all that it shows.

    Parameters
    ----------
    runs : of the simulator
    result : of the product

    Raises
    ------
    RunError
        Nothing was streamed, or the engine's streams are none that a timeline is made of.
    """
    said = result.statistics
    try:
        found = timeline(runs, said["shape"]["m"])
    except ValueError as error:
        raise RunError(f"--timeline: {error}") from error
    shape = said["shape"]
    facts = {
        "engine": said["engine"],
        "product": f"{shape['m']}×{shape['k']} @ {shape['k']}×{shape['n']}",
        "stationary": (said["stationary"] or "none").upper() if said["stationary"] else "none",
        "folds": said["folds"] if said["folds"] is not None else "none",
        "compute efficiency": _share(said["compute_efficiency"]),
        "overall efficiency": _share(said["overall_efficiency"]),
        "mismatches with golden": said["mismatches"],
    }
    text = Template(_TEMPLATE.read_text(encoding="utf-8"))
    data = json.dumps(_data(found), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return text.substitute(
        title=escape(f"{said['engine']}: {facts['product']}, {found.cycles:,} cycles"),
        facts="".join(
            f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items()
        ),
        causes=_table(_causes(found)),
        engines=_table(_engines(found)),
        limits=_limits(said.get("limits")),
        parameters=escape(", ".join(f"{name}={_word(value)}" for name, value in said["parameters"].items())),
        data=data,
    )


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _data(found: Timeline) -> dict[str, Any]:
    """Return what the page draws."""
    sizes = np.full(len(found.useful[0]), found.step)
    sizes[-1] = found.cycles - found.step * (len(sizes) - 1)
    return {
        "cycles": found.cycles,
        "step": found.step,
        "lanes": found.lanes,
        "causes": [
            {"name": name, "colour": colour, "bins": found.causes[name].tolist()}
            for name, colour in _coloured(found).items()
        ],
        "engines": [[round(float(each), 4) for each in row / sizes / found.lanes] for row in found.useful],
        "useful": [int(row.sum()) for row in found.useful],
        "tracks": [
            {"name": track.name, "merged": track.merged, "passes": track.passes.tolist()}
            for track in found.tracks
        ],
    }


def _coloured(found: Timeline) -> dict[str, str]:
    every = dict(zip(CAUSES, colours(len(CAUSES)), strict=True))
    return {name: every[name] for name in CAUSES if name in found.causes}


def _causes(found: Timeline) -> list[tuple[str, ...]]:
    rows = [("", "cycles spent on", "cycles", "share", "")]
    for name, colour in _coloured(found).items():
        count = int(found.causes[name].sum())
        mark = f"<i style='background:{colour}'></i>"
        rows.append((mark, escape(name), f"{count:,}", f"{count / found.cycles:.1%}", escape(CAUSES[name])))
    return [*rows, ("", "all", f"{found.cycles:,}", "", "")]


def _engines(found: Timeline) -> list[tuple[str, ...]]:
    streaming = max(1, int(found.causes["streaming"].sum()) if "streaming" in found.causes else 0)
    rows = [("lanes of", "useful multiplications", "of a lane, a cycle", "while streaming")]
    several = len(found.useful) > 1
    for number, row in enumerate(found.useful):
        count = int(row.sum())
        rows.append(
            (
                f"Flex-DPE {number}" if several else f"the engine, {found.lanes}",
                f"{count:,}",
                f"{count / found.cycles / found.lanes:.1%}",
                f"{count / streaming / found.lanes:.1%}",
            )
        )
    return rows


def _limits(limits: dict[str, Any] | None) -> str:
    """Return what the cycle model, which equals the run, says that cycles were spent on."""
    if not limits:
        return ""
    rows = [("the cycle model, which equals this run, says", "cycles")]
    rows += [(escape(name), f"{count:,}") for name, count in limits["cycles"].items()]
    return _table(rows)


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return a table of cells that are HTML; the first row has the headings."""
    head = "".join(f"<th>{cell}</th>" for cell in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f"<div class='wide'><table><tr>{head}</tr>{body}</table></div>"
