"""The tensors of a file by pattern: ``model.safetensors:encoder.layer.*.weight.T`` stands for all that fit.

``*`` stands for any letters and ``?`` for one; brackets are slices, as ever. A pattern means matrices alone.
"""

import re

from ..errors import RunError
from . import layout_onnx, layouts
from .numpy_files import Archive
from .onnx_file import OnnxFile
from .place import Place, missing, parse
from .safetensors_file import SafeFile

__all__ = ["is_pattern", "matching"]

_FILES: dict[str, type[SafeFile] | type[OnnxFile] | type[Archive]] = {
    ".safetensors": SafeFile,
    ".onnx": OnnxFile,
    ".npz": Archive,
}


def is_pattern(text: str) -> bool:
    """Return whether an operand stands for several."""
    return any(letter in (parse(text).name or "") for letter in "*?")


def matching(text: str, operand: str) -> list[str]:
    """Return the operands that a pattern stands for, each as it could be given, in the order of the numbers in names.

    Parameters
    ----------
    text : a pattern, or an operand, which stands for itself
    operand : for messages

    Raises
    ------
    RunError
        The file is missing, has no names, or no matrix of it fits; the message names near ones.
    """
    place = parse(text)
    if place.name is None or not is_pattern(text):
        return [text]
    kind = _FILES.get(place.file.suffix.lower())
    if kind is None:
        raise RunError(f"{operand}: {text}: patterns are for {', '.join(_FILES)}")
    file = kind(place.file, operand)
    names = list(file.names)
    if isinstance(file, SafeFile):
        names += layouts.weights(file.names)
    elif isinstance(file, OnnxFile):
        names += layout_onnx.weights(file)
    wanted = re.compile("".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in place.name))
    named = sorted({each for each in names if wanted.fullmatch(each)}, key=_natural)
    found = [each for each in named if each not in file.names or len(file.tensor(each).shape) == 2]
    if named and not found:
        raise RunError(f"{operand}: {text}: none of {', '.join(named[:3])} is a matrix")
    if not found:
        raise missing(operand, place, names)
    behind = _steps(place)
    return [f"{place.file}:{each}{behind}" for each in found]


def _steps(place: Place) -> str:
    """Return what follows the name, as it was given."""
    assert place.name is not None
    return place.text[place.text.index(place.name, len(str(place.file))) + len(place.name) :]


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that orders layer.2 before layer.10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
