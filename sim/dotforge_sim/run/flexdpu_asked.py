"""Products that a run of the Flex-DPU is asked for: that of ``--a`` and ``--b``, and those of ``--jobs``."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden

from ..models.flexdpu_shape import Shape
from .encoded import Encoded, EncodingOptions, encode_both
from .flexdpu_tiles import Product, cut
from .gemm import Design, RunError
from .operands import checked_operands, load_matrix, values
from .sparse import Sparse
from .tensors.place import parse
from .word_format import Format, in_units

__all__ = ["Asked", "Options", "asked_products", "files"]

#: What a product of ``--jobs`` may say.
_KEYS = {"a", "b", "c", "stationary", "engines", "first", "slot"}


@dataclass(frozen=True, kw_only=True)
class Options(EncodingOptions):
    """What a run can be told."""

    stationary: str = field(
        default="auto",
        metadata={
            "choices": ("auto", "a", "b"),
            "help": "the operand that stays; auto: what takes fewer cycles",
        },
    )
    regor: str = field(
        default="hardware",
        metadata={
            "choices": ("hardware", "given"),
            "help": "stream all bitmaps ahead for REGOR, or give their OR as one word",
        },
    )
    engines: int = field(
        default=0,
        metadata={
            "type": int,
            "help": "Flex-DPEs of the group, from the first one on; 0: all, or what --jobs leaves",
        },
    )
    jobs: str = field(
        default="",
        metadata={
            "help": "further products that run beside this one, a .json file: a list of {a, b, c, stationary, engines, "
            "first, slot}; a and b are files as of --a and --b, c is written as of -o"
        },
    )


@dataclass(frozen=True)
class Asked:
    """A product that is asked for.

    Attributes
    ----------
    given, encoded : A and B
    product : tiles
    path : of the result, for those of ``--jobs``
    """

    given: tuple[Any, Any]
    encoded: list[Encoded]
    product: Product
    path: str = ""

    def c(self, total: np.ndarray) -> np.ndarray:
        """Return C, of sums of the rows that are not empty."""
        m, n = self.given[0].shape[0], self.given[1].shape[1]
        c = np.zeros((m, n), total.dtype)
        if self.product.stationary == "a":
            c[self.product.kept] = total
        else:
            c[:, self.product.kept] = total.T
        first, second = (each.units for each in self.encoded)
        return c if first is None or second is None else in_units(c, first[:, None], second)

    def places(self, marked: np.ndarray) -> np.ndarray:
        """Return rows and columns of C of marked sums, (count, 2), in order."""
        rows, vectors = np.nonzero(marked)
        kept = self.product.kept[rows]
        pair = [kept, vectors] if self.product.stationary == "a" else [vectors, kept]
        found = np.stack(pair, axis=-1)
        return found[np.lexsort((found[:, 1], found[:, 0]))]


def asked_products(
    design: Design, shape: Shape, format: Format, given: tuple[Any, Any], options: Options
) -> list[Asked]:
    """Return all products with their places: those of ``--jobs`` behind one another if they say nothing else.

    Parameters
    ----------
    design, shape, format : of the engine
    given : A and B of the first one
    options : of the run

    Raises
    ------
    RunError
        The file is none of jobs, or a job asks for what the engine has not.
    """
    others = _described(options.jobs)
    if not 0 <= options.engines <= shape.engines:
        raise RunError(f"--engines {options.engines}: allowed 0…{shape.engines}")
    share = shape.engines // min(shape.slots, 1 + len(others)) or 1
    size = options.engines or (share if others else shape.engines)
    arithmetic = golden.Arithmetic(
        design.parameters["format"],
        design.parameters["flush_subnormals"],
        "fan",
    )
    found = [_made(shape, format, given, options, options.stationary, (0, 0, size), arithmetic, 0)]
    behind = size
    for number, told_of in enumerate(others, 1):
        where = f"{options.jobs}, job {number - 1}"
        size = _whole(told_of, "engines", where, 1, shape.engines, share)
        usual = behind if behind + size <= shape.engines else shape.engines - size
        first = _whole(told_of, "first", where, 0, shape.engines - size, usual)
        slot = _whole(told_of, "slot", where, 0, shape.slots - 1, number % shape.slots)
        behind = first + size
        stationary = told_of.get("stationary", "auto")
        if stationary not in ("auto", "a", "b"):
            raise RunError(f"{where}: stationary {stationary!r}: allowed auto, a, b")
        try:
            operands = checked_operands(*(load_matrix(told_of[name], name.upper()) for name in "ab"))
        except RunError as error:
            raise RunError(f"{where}: {error}") from error
        made = _made(
            shape, format, operands, options, stationary, (slot, first, size), arithmetic, number << 8,
            told_of.get("c", ""),
        )  # fmt: skip
        found.append(made)
    return found


def _made(
    shape: Shape,
    format: Format,
    operands: tuple[Any, Any],
    options: Options,
    stationary: str,
    place: tuple[int, int, int],
    arithmetic: golden.Arithmetic,
    tag: int,
    path: str = "",
) -> Asked:
    """Return a product with the operand stationary that takes fewer cycles, if none is named."""
    encoded = encode_both(operands, format, options, "flexdpu")
    given = values(operands[0]), values(operands[1])
    taken: list[Sparse] = [each.nonzeros() for each in encoded]
    choices = []
    for name in "ab" if stationary == "auto" else stationary:
        rows, vectors = (taken[0], taken[1].T) if name == "a" else (taken[1].T, taken[0])
        choices.append(cut(rows, vectors, name, shape, arithmetic, place, tag))
    return Asked(given, encoded, min(choices, key=lambda each: each.beats), path)


def _described(path: str) -> list[dict[str, Any]]:
    """Read ``--jobs``."""
    if not path:
        return []
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"--jobs {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"--jobs {path}: not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RunError(f"--jobs {path}: a list of objects is wanted")
    for number, each in enumerate(found):
        unknown = sorted(set(each) - _KEYS)
        lacking = sorted({"a", "b"} - set(each))
        if unknown or lacking:
            said = f"unknown {', '.join(unknown)}" if unknown else f"{', '.join(lacking)} is missing"
            raise RunError(f"--jobs {path}, job {number}: {said}; allowed {', '.join(sorted(_KEYS))}")
        for name in sorted({"a", "b", "c"} & set(each)):
            if not isinstance(each[name], str) or not each[name] or "\0" in each[name]:
                raise RunError(
                    f"--jobs {path}, job {number}: {name} {each[name]!r}: allowed is the name of a file"
                )
    _check_results(path, found)
    return found


def _check_results(path: str, jobs: list[dict[str, Any]]) -> None:
    """Refuse results that cannot be written, or that lie where something else is read or written."""
    taken = {os.path.realpath(path)}
    taken |= {os.path.realpath(parse(each[name]).file) for each in jobs for name in "ab"}
    for number, each in enumerate(jobs):
        if "c" not in each:
            continue
        said, place = f"--jobs {path}, job {number}: c {each['c']}", Path(each["c"])
        if not place.absolute().parent.is_dir():
            raise RunError(f"{said}: its directory does not exist")
        if place.is_dir():
            raise RunError(f"{said}: is a directory")
        if os.path.realpath(place) in taken:
            raise RunError(f"{said}: the jobs read or write it as something else")
        taken.add(os.path.realpath(place))


def files(options: dict[str, Any]) -> tuple[list[Path], list[Path]]:
    """Return the files that are read and that are written beside those of the product itself.

    Parameters
    ----------
    options : of the command line, by name

    Raises
    ------
    RunError
        The file of ``--jobs`` is none of jobs.
    """
    path = options["jobs"]
    if not path:
        return [], []
    jobs = _described(path)
    read = [parse(each[name]).file for each in jobs for name in "ab"]
    return [Path(path), *read], [Path(each["c"]) for each in jobs if "c" in each]


def _whole(told_of: dict[str, Any], name: str, where: str, least: int, most: int, usual: int) -> int:
    value = told_of.get(name, usual)
    if type(value) is not int or not least <= value <= most:
        raise RunError(f"{where}: {name} {value!r}: allowed {least}…{most}")
    return value
