"""What a user writes for an operand: ``FILE[:NAME]``, then ``.T`` and slices as in NumPy, from left to right.

``model.safetensors:layer.0.weight.T[0:384, 0:64]`` is a part of the transposed tensor ``layer.0.weight``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from ..errors import RunError

__all__ = ["Place", "Region", "Step", "apply", "missing", "parse"]

#: One range a dimension, or a single index, which takes the dimension away.
Region = tuple[slice | int, ...]

#: A part, or ``None`` for transposed.
Step = Region | None

_SLICE = re.compile(r"\[([^\[\]]*)\]$")

_SUFFIXES = ("safetensors", "npz", "npy", "onnx", "csv")


@dataclass(frozen=True)
class Place:
    """Where a tensor lies.

    Attributes
    ----------
    text : as it was given
    file : that holds it
    candidates : names that may be meant, each with what is done to the tensor: the longest first, since a name may
        itself end in ``.T``; of no name only steps
    """

    text: str
    file: Path
    candidates: tuple[tuple[str | None, tuple[Step, ...]], ...]

    @property
    def name(self) -> str | None:
        """The name without steps."""
        return self.candidates[-1][0]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps."""
        return self.candidates[-1][1]

    def choose(self, names: Sequence[str]) -> tuple[str, tuple[Step, ...]] | None:
        """Return the tensor that is meant and what is done to it, ``None`` where there is none of that name.

        Parameters
        ----------
        names : of the tensors of the file
        """
        known = set(names)
        for name, steps in self.candidates:
            if name is None:
                return (names[0], steps) if len(names) == 1 else None
            if name in known:
                return name, steps
        return None


def parse(text: str) -> Place:
    """Read what a user wrote.

    Parameters
    ----------
    text : see above; the path of a file that exists is that file, whatever it looks like

    Raises
    ------
    RunError
        A slice that is none.
    """
    if Path(text).is_file():
        return Place(text, Path(text), ((None, ()),))
    variants: list[tuple[str, tuple[Step, ...]]] = [(text, ())]
    for rest, step in _peeled(text):
        variants.append((rest, (step, *variants[-1][1])))
    split = [(*_split(rest), steps) for rest, steps in variants]
    file, name, steps = split[-1]
    if name is None:
        return Place(text, file, ((None, steps),))
    return Place(text, file, tuple((name, steps) for path, name, steps in split if path == file))


def _peeled(text: str) -> Iterator[tuple[str, Step]]:
    """Take steps from the end, one after another."""
    while True:
        found = _SLICE.search(text)
        if found:
            step: Step = _region(found[1], text)
            text = text[: found.start()]
        elif text.endswith(".T"):
            step, text = None, text[:-2]
        else:
            return
        yield text, step


def _region(inside: str, text: str) -> Region:
    found: list[slice | int] = []
    for part in inside.split(","):
        ends = part.strip().split(":")
        if len(ends) > 2 or not all(re.fullmatch(r"[0-9]{0,18}", end.strip()) for end in ends):
            raise RunError(f"{text}: [{inside}] is no slice; allowed are [START:STOP, …] and single indices")
        if len(ends) == 1:
            if not ends[0]:
                raise RunError(
                    f"{text}: [{inside}] is no slice; allowed are [START:STOP, …] and single indices"
                )
            found.append(int(ends[0]))
        else:
            found.append(slice(*(int(end) if end.strip() else None for end in ends)))
    return tuple(found)


def _split(text: str) -> tuple[Path, str | None]:
    """Part a path from a name: at the colon behind a file that exists, else behind a suffix that is known."""
    colons = [place for place, letter in enumerate(text) if letter == ":"]
    for place in colons:
        if Path(text[:place]).is_file():
            return Path(text[:place]), text[place + 1 :]
    for place in colons:
        if text[:place].rpartition(".")[2].lower() in _SUFFIXES:
            return Path(text[:place]), text[place + 1 :]
    return Path(text), None


def missing(operand: str, place: Place, names: Sequence[str]) -> RunError:
    """Return what is said where a file does not hold the tensor that is meant.

    Parameters
    ----------
    operand : name of the operand
    place : that was given
    names : of the tensors there are
    """
    if place.name is None:
        some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        return RunError(
            f"{operand}: {place.file} holds {len(names)} tensors ({some}): name one, as in {place.file}:NAME"
        )
    near = get_close_matches(place.name, names, 3, 0.4) or list(names[:3])
    return RunError(f"{operand}: {place.file} has no {place.name}; near are {', '.join(near) or 'none'}")


def check(region: Region, shape: tuple[int, ...], operand: str, text: str) -> tuple[slice, ...]:
    """Return ranges of all dimensions, single indices as ranges of 1.

    Parameters
    ----------
    region : as it was given
    shape : of the tensor
    operand, text : for messages

    Raises
    ------
    RunError
        It lies outside of the tensor, is empty, or has more dimensions.
    """
    size = "×".join(map(str, shape))
    if len(region) > len(shape):
        raise RunError(f"{operand}: {text} has {len(region)} ranges for a tensor of {size}")
    found = []
    for part, length in zip((*region, *(slice(None),) * (len(shape) - len(region))), shape, strict=True):
        start, stop = (part, part + 1) if isinstance(part, int) else (part.start or 0, part.stop)
        stop = length if stop is None else stop
        if not (0 <= start < stop <= length or (part == slice(None) and length == 0)):
            said = f"{start}" if isinstance(part, int) else f"{start}:{stop}"
            raise RunError(f"{operand}: {text}: {said} is no range within 0:{length} of a tensor of {size}")
        found.append(slice(start, stop))
    return tuple(found)


def apply(array: np.ndarray, steps: Sequence[Step], operand: str, text: str) -> np.ndarray:
    """Return what steps leave of an array.

    Parameters
    ----------
    array : of any number of dimensions
    steps : from left to right
    operand, text : for messages
    """
    for step in steps:
        if step is None:
            array = array.T
        else:
            ranges = check(step, array.shape, operand, text)
            array = array[ranges]
            array = array.reshape(
                [
                    length
                    for number, length in enumerate(array.shape)
                    if number >= len(step) or not isinstance(step[number], int)
                ]
            )
    return array
