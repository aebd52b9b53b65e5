"""A figure of parts that are measured one by one, and its command."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from .measured import write_texts

__all__ = ["Part", "PartedFigure", "Progress", "Rows"]

Progress = Callable[[str], None]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """What is measured, and how it is shown.

    Parameters
    ----------
    measure : makes JSON; takes a function that takes a line for each thing that is measured
    table : lines of Markdown from it
    """

    measure: Callable[[Progress], Any]
    table: Callable[[Any], list[str]]


@dataclass(frozen=True)
class PartedFigure:
    """A figure: ``NAME.md`` and ``NAME.json``.

    Parameters
    ----------
    name : of the files
    parts : by name, in the order of their tables
    beside : what the JSON also holds
    """

    name: str
    parts: Mapping[str, Part]
    beside: Mapping[str, Any] = field(default_factory=dict)

    def collect(self, parts: Sequence[str] = (), progress: Progress = lambda line: None) -> dict[str, Any]:
        """Measure some parts.

        Parameters
        ----------
        parts : their names; none for all
        progress : takes a line for each thing that is measured
        """
        measured = {part: self.parts[part].measure(progress) for part in parts or self.parts}
        return {**self.beside, **measured}

    def table(self, found: dict[str, Any]) -> str:
        """Return what was found as Markdown tables."""
        made = [part.table(found[name]) for name, part in self.parts.items() if name in found]
        return "\n\n".join("\n".join(lines) for lines in made) + "\n"

    def write(
        self, directory: Path, progress: Progress = lambda line: None, *, parts: Sequence[str] = ()
    ) -> list[Path]:
        """Write ``NAME.md`` and ``NAME.json``; return their paths.

        Parameters
        ----------
        directory : where the files go; it is made if it is missing
        progress : takes a line for each thing that is measured
        parts : names of what to measure; none for all
        """
        found = self.collect(parts, progress)
        texts = {"md": self.table(found), "json": json.dumps(found, indent=1, allow_nan=False) + "\n"}
        return write_texts(directory, self.name, texts)

    def command(self) -> click.Command:
        """Return the command that writes the tables and prints them."""

        @click.command(help="Write the tables into DIRECTORY and print them.")
        @click.argument("directory", type=click.Path(path_type=Path))
        @click.option(
            "--only", "parts", type=click.Choice(tuple(self.parts)), multiple=True, help="measure these alone"
        )
        def main(directory: Path, parts: tuple[str, ...]) -> None:
            self.write(directory, lambda line: print(line, file=sys.stderr, flush=True), parts=parts)
            print((directory / f"{self.name}.md").read_text(encoding="utf-8"), end="")

        return main
