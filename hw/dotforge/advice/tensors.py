"""The layers of a checkpoint: what ``--tensors`` lists, each with its activations.

An entry is an operand, or a pattern of several; one without a file is in that of the entry before. ``*`` in the name of
the activations stands for the name of the layer's tensor, so that one file may hold those of all layers.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dotforge_sim.run.errors import RunError
from dotforge_sim.run.operands import LOADERS
from dotforge_sim.run.tensors.listing import matching
from dotforge_sim.run.tensors.place import parse

__all__ = ["Layer", "read_layers"]


@dataclass(frozen=True)
class Layer:
    """A layer to advise for.

    Attributes
    ----------
    a, b : activations and weights, as they could be given to ``dotforge run``
    """

    a: str
    b: str

    @property
    def files(self) -> list[Path]:
        """What is read."""
        return [parse(each).file for each in (self.a, self.b)]


def read_layers(listed: str, a: str | None) -> list[Layer]:
    """Return the layers of a list; one that several entries mean once.

    Parameters
    ----------
    listed : entries with commas between them, or a file of lines ``WEIGHTS [ACTIVATIONS]``; # begins a comment
    a : activations of all layers that have none of their own

    Raises
    ------
    RunError
        The list is empty or of another form, a file or a tensor is missing, or a layer has no activations.
    """
    found: dict[Layer, None] = {}
    file: Path | None = None
    for given, own in _entries(listed):
        text = given
        if parse(text).name is None and not parse(text).file.is_file() and file is not None:
            text = f"{file}:{given}"
        file = parse(text).file
        activations = own or a
        if activations is None:
            raise RunError(f"--tensors: {given} has no activations: --a, or a second word of its line")
        for weights in matching(text, "--tensors"):
            place = parse(activations)
            filled = activations
            if "*" in (place.name or ""):
                start = len(str(place.file))
                filled = activations[:start] + activations[start:].replace("*", parse(weights).name or "")
            found[Layer(filled, weights)] = None
    return list(found)


def _entries(listed: str) -> Iterator[tuple[str, str | None]]:
    """Yield weights and, where they are told, activations."""
    path = Path(listed)
    if not path.is_file() or path.suffix.lower() in LOADERS:
        if path.suffix.lower() == ".txt":
            raise RunError(f"--tensors: {listed} does not exist")
        # Commas inside of brackets are those of slices.
        for each in re.split(r",(?![^\[]*\])", listed):
            if not each.strip():
                raise RunError(f"--tensors {listed}: allowed are tensors with commas between them, or a file")
            yield each.strip(), None
        return
    empty = True
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"--tensors: {listed} is no list of tensors ({error})") from None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise RunError(f"--tensors: {listed}, line {number}: {error}") from None
        if len(words) > 2:
            raise RunError(f"--tensors: {listed}, line {number}: allowed is WEIGHTS [ACTIVATIONS]")
        if words:
            empty = False
            yield words[0], words[1] if len(words) == 2 else None
    if empty:
        raise RunError(f"--tensors: {listed} lists nothing")
