"""What libraries make of the same numbers, and whether our rules of their names give their bits: docs/interchange.md.

Run as ``python -m dotforge.figures.interchange -o DIR`` where the libraries are installed; the figure of
:mod:`dotforge.figures.all` is the same. Of a library that is not there the rows of an older file, if any, stay out.
"""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from dotforge_golden.mx import ELEMENTS, Blocks, decode
from dotforge_golden.mx_rules import RULES, formats_of, quantise_by

from ..outcome import end_on_error
from ..pictures import markdown
from ..tools.files import write_json, write_text
from .libraries import LIBRARIES, Found, installed, quantised, sample, version

__all__ = ["collect", "digest", "main", "table", "write"]

#: Random blocks a format; corners come on top.
BLOCKS = 100_096

#: Of them, as many are hashed for the tests, corners as well.
HASHED = 2_048


def digest(scales: np.ndarray | None, elements: np.ndarray) -> str:
    """Return the sha256 of what a library gave: codes as bytes, values as float32 with one zero.

    Parameters
    ----------
    scales : codes, where it gave some
    elements : codes, uint8, or values
    """
    found = hashlib.sha256()
    if scales is not None:
        found.update(np.ascontiguousarray(scales, np.uint8).tobytes())
    if elements.dtype == np.uint8:
        found.update(np.ascontiguousarray(elements).tobytes())
    else:
        found.update(np.ascontiguousarray(elements + np.float32(0), "<f4").tobytes())
    return found.hexdigest()


def as_library(rule: str, found: Blocks) -> Found:
    """Return blocks in what a library tells of them.

    Parameters
    ----------
    rule : key of :data:`.libraries.LIBRARIES`
    found : what our rule gave
    """
    with np.errstate(all="ignore"):
        if rule == "microxcaling":
            return None, found.values().astype(np.float32)
        if rule == "gfloat":
            return found.scales, decode(found.elements, found.format).astype(np.float32)
    return found.scales, found.elements


def _differing(one: Found, other: Found, block: int) -> int:
    """Count blocks that are not the same."""
    shape = (len(one[1]), -1, block)
    first, second = (each[1].astype(np.float64).reshape(shape) for each in (one, other))
    same = ((first == second) | (np.isnan(first) & np.isnan(second))).all(axis=-1)
    if one[0] is not None and other[0] is not None:
        same &= one[0] == other[0]
    return int(np.count_nonzero(~same))


def _values(found: Blocks) -> np.ndarray:
    with np.errstate(all="ignore"):
        return found.values().astype(np.float32)


def collect(say: Callable[[str], None], blocks: int = BLOCKS) -> dict[str, Any]:
    """Run the libraries that are there.

    Parameters
    ----------
    say : told about each
    blocks : random ones a format

    Returns
    -------
    ``versions`` rule → version; ``rules`` rule → format → blocks, and of them ``differing`` between library and our
    rule, and the ``sha256`` of the library's codes of a smaller sample; ``apart`` format → rule → rule → share of
    blocks whose values differ
    """
    report: dict[str, Any] = {"versions": {}, "rules": {}, "apart": {}}
    there = [rule for rule in LIBRARIES if installed(rule)]
    for rule in there:
        report["versions"][rule] = version(rule)
        report["rules"][rule] = {}
    for format, element in ELEMENTS.items():
        large, small = sample(format, blocks), sample(format, HASHED)
        ours: dict[str, np.ndarray] = {}
        for rule in RULES:
            if format not in formats_of(rule):
                continue
            made = quantise_by(large, format=format, rule=rule)
            if rule not in {"torchao-ceil", "torchao-rceil", "torchao-even"} or format != "nvfp4":
                ours[rule] = _values(made)
            if rule not in there:
                continue
            say(f"{rule} {format}")
            found = quantised(rule, large, format)
            report["rules"][rule][format] = {
                "blocks": large.size // element.block,
                "differing": _differing(as_library(rule, made), found, element.block),
                "sha256": digest(*_single(quantised(rule, small, format))),
            }
        shape = (len(large), -1, element.block)
        report["apart"][format] = {
            one: {
                other: float(np.mean((ours[one] != ours[other]).reshape(shape).any(axis=-1)))
                for other in ours
                if other != one
            }
            for one in ours
        }
    return report


def _single(found: Found) -> Found:
    scales, elements = found
    return scales, elements if elements.dtype == np.uint8 else elements.astype(np.float32)


def table(report: dict[str, Any]) -> str:
    """Return Markdown: whether rules give the libraries' bits, and how far they are from each other.

    Parameters
    ----------
    report : of :func:`collect`
    """
    rows = [
        [
            rule, report["versions"][rule],
            *(
                f"{formats[format]['differing']:,} of {formats[format]['blocks']:,}" if format in formats else ""
                for format in ELEMENTS
            ),
        ]
        for rule, formats in report["rules"].items()
    ]  # fmt: skip
    parts = [
        "Blocks in which `--rule NAME` and the library differ:",
        "\n".join(markdown.table(["rule", "version", *ELEMENTS], rows)),
    ]
    for format, apart in report["apart"].items():
        names = list(apart)
        rows = [
            [one, *("" if one == other else f"{100 * apart[one][other]:.1f}" for other in names)]
            for one in names
        ]
        parts += [
            f"Percent of blocks whose values differ, {format}:",
            "\n".join(markdown.table(["rule", *names], rows)),
        ]
    return "\n\n".join(parts) + "\n"


def write(directory: Path, say: Callable[[str], None]) -> list[Path]:
    """Write ``interchange.md`` and ``interchange.json``.

    Parameters
    ----------
    directory : where to
    say : told about progress
    """
    report = collect(say)
    paths = [directory / "interchange.md", directory / "interchange.json"]
    directory.mkdir(parents=True, exist_ok=True)
    write_text(paths[0], table(report))
    write_json(paths[1], report)
    return paths


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
def main(output: Path) -> None:
    """Write the tables of docs/interchange.md."""
    for path in write(output, lambda text: click.echo(text, err=True)):
        click.echo(path)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
