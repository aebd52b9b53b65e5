"""The candidates of an advice: engines with parameters and rules of quantising, of a number of multipliers; data."""

import importlib
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..parameters import ParameterError, as_given
from ..registry import names, runner
from ..tools.files import OutputError, read_json

__all__ = ["Candidate", "read_candidates"]

_KEYS = {"engine": str, "size": dict, "parameters": dict, "options": dict}

_LISTED = Path(__file__).parent / "candidates.json"


@dataclass(frozen=True)
class Candidate:
    """An engine that may fit.

    Attributes
    ----------
    engine : name in the registry
    parameters : that are given; others keep their defaults
    options : those of ``dotforge run ENGINE``, with underscores
    """

    engine: str
    parameters: dict[str, Any]
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """What it is in one line: the engine, its parameters, and how operands are quantised."""
        words = [f"{name}={as_given(value)}" for name, value in self.parameters.items()]
        return " ".join([self.engine, *words, *(f"--{flag} {value}" for flag, value in self.flags.items())])

    @property
    def flags(self) -> dict[str, str]:
        """The options as the command line takes them, without dashes in front."""
        return {name.replace("_", "-"): as_given(value) for name, value in self.options.items()}

    @property
    def runner(self) -> Any:
        """The module that multiplies on the engine.

        Raises
        ------
        ParameterError
            The engine multiplies no matrices.
        """
        module = runner(self.engine)
        if module is None:
            raise ParameterError(f"engine {self.engine} multiplies no matrices")
        return importlib.import_module(module)

    def run_options(self) -> Any:
        """Return the options as the runner takes them.

        Raises
        ------
        ParameterError
            There is no such option, or a value that it does not allow.
        """
        module = self.runner
        known = {each.name: each for each in fields(module.Options)}
        for name, value in self.options.items():
            if name not in known:
                raise ParameterError(f"option {name} of {self.engine}: allowed are {', '.join(known)}")
            choices = known[name].metadata.get("choices")
            if choices and value not in choices:
                raise ParameterError(
                    f"option {name}={value} of {self.engine}: allowed are {', '.join(choices)}"
                )
        return module.Options(**self.options)


def read_candidates(path: Path | None, multipliers: int) -> list[Candidate]:
    """Read a list of candidates, JSON, and give each of them its size.

    Each is an object: ``engine``, and where wanted ``parameters``, ``options`` of ``dotforge run`` and ``size``:
    parameter → the most that it may be (it becomes the number of multipliers, or that), ``"half"`` of them, or
    ``"root"``, the side of a square array: the largest power of two whose square is not more than the multipliers.

    Parameters
    ----------
    path : of the list; ``None`` for ours
    multipliers : wanted of each candidate

    Raises
    ------
    OutputError
        The file is missing or has another form, or names an engine that does not exist.
    """
    found = read_json(path or _LISTED)
    if not isinstance(found, list) or not found:
        raise OutputError(f"{path}: allowed is a list of candidates, with at least one")
    return [
        _candidate(each, f"{path}: candidate {number}", multipliers) for number, each in enumerate(found, 1)
    ]


def _candidate(given: Any, where: str, multipliers: int) -> Candidate:
    if not isinstance(given, dict) or "engine" not in given:
        raise OutputError(f"{where}: allowed is an object with an engine")
    for key, value in given.items():
        if key not in _KEYS:
            raise OutputError(f"{where}: {key} is not one of {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]):
            kind = "a name" if _KEYS[key] is str else "an object"
            raise OutputError(f"{where}: {key} is not {kind}")
    if given["engine"] not in names():
        raise OutputError(f"{where}: engine {given['engine']}: allowed are {', '.join(names())}")
    size = {
        name: _sized(most, multipliers, f"{where}: size {name}")
        for name, most in given.get("size", {}).items()
    }
    return Candidate(given["engine"], {**size, **given.get("parameters", {})}, given.get("options", {}))


def _sized(most: Any, multipliers: int, where: str) -> int:
    if most == "root":
        return 1 << (math.isqrt(multipliers).bit_length() - 1)
    if most == "half":
        return multipliers // 2
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise OutputError(f"{where}: allowed are root, half and integers from 1")
    return min(most, multipliers)
