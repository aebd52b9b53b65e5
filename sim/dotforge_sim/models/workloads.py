"""Matrix products by name: shapes and densities, the paper's ten, and lists from files."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from .errors import ModelError

__all__ = ["PAPER", "SPARSITIES", "Gemm", "density", "paper_workloads", "read_workloads", "shape"]

#: Largest side of a matrix.
_LARGEST = 2**40

#: Columns of a list; the first four must be there.
_COLUMNS = ("name", "m", "n", "k", "density_a", "density_b")


@dataclass(frozen=True)
class Gemm:
    """A product of A, M×K, and B, K×N.

    Attributes
    ----------
    name : of the layer
    m, n, k : sides, 1…2^40
    density_a, density_b : nonzeros over elements, 0…1, exact
    """

    name: str
    m: int
    n: int
    k: int
    density_a: Fraction = Fraction(1)
    density_b: Fraction = Fraction(1)

    @property
    def macs(self) -> int:
        """Multiplications of a dense product."""
        return self.m * self.n * self.k

    @property
    def useful_macs(self) -> Fraction:
        """Expected products of two nonzeros."""
        return self.macs * self.density_a * self.density_b


#: M, N, K of SIGMA's evaluation (Fig. 1b and 12): GNMT, Transformer, NCF and DeepBench.
PAPER = (
    (128, 2048, 4096),
    (320, 3072, 4096),
    (1632, 36548, 1024),
    (2048, 4096, 32),
    (1024, 16, 500_000),
    (35, 8457, 2560),
    (31999, 1024, 84),
    (84, 1024, 4096),
    (2048, 1, 128),
    (256, 256, 2048),
)

#: Sparsity of weights and of inputs (SIGMA, VI-A: "input and weight sparsity were observed to be ~10-50% and ~80%").
SPARSITIES = tuple((Fraction(8, 10), Fraction(each, 10)) for each in (1, 3, 5))


def paper_workloads(density_a: Fraction = Fraction(1), density_b: Fraction = Fraction(1)) -> list[Gemm]:
    """Return the paper's ten products with these densities.

    Parameters
    ----------
    density_a : share of A's nonzeros, 0…1
    density_b : share of B's nonzeros, 0…1
    """
    return [Gemm(f"{m}-{n}-{k}", m, n, k, density_a, density_b) for m, n, k in PAPER]


def density(given: Any, name: str) -> Fraction:
    """Return a density as the decimal that was written, so that products of it are exact.

    Parameters
    ----------
    given : number, or text of one
    name : that the message gives it

    Raises
    ------
    ModelError
        It is no number from 0 to 1.
    """
    try:
        value = Fraction(str(given).strip())
    except (ValueError, ZeroDivisionError):
        raise ModelError(f"{name} {given!r}: a number from 0 to 1 is allowed") from None
    if not 0 <= value <= 1:
        raise ModelError(f"{name} {given}: allowed 0…1")
    return value


def _side(given: Any, name: str) -> int:
    text = str(given).strip()
    if (
        isinstance(given, bool)
        or not text.isascii()
        or not text.isdecimal()
        or not 1 <= int(text) <= _LARGEST
    ):
        raise ModelError(f"{name} {given!r}: allowed 1…2^40")
    return int(text)


def shape(text: str) -> tuple[int, int, int]:
    """Return M, N, K of a text such as ``128,2048,4096``.

    Raises
    ------
    ModelError
        It is not three sides of at least 1.
    """
    parts = text.split(",")
    if len(parts) != 3:
        raise ModelError(f"shape {text!r}: M,N,K is allowed, such as 128,2048,4096")
    m, n, k = (_side(part, f"shape {text}: {name} =") for part, name in zip(parts, "MNK", strict=True))
    return m, n, k


def read_workloads(path: Path) -> list[Gemm]:
    """Read a list of products: CSV with a header, or a JSON list of objects.

    Columns are name, m, n, k, density_a, density_b; densities may be left out and are 1 then.

    Raises
    ------
    ModelError
        The file cannot be read, is empty, or a row lacks a column, has an unknown one or a value that is not allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not text: CSV or JSON is allowed") from None
    rows = list(_json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text))
    if not rows:
        raise ModelError(f"{path} has no rows: at least one product is allowed")
    made = [_gemm(path, number, row) for number, row in rows]
    names = [gemm.name for gemm in made]
    for name in names:
        if names.count(name) > 1:
            raise ModelError(f"{path}: {name} is named {names.count(name)} times")
    return made


def _json_rows(path: Path, text: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    try:
        # Densities stay the decimals that they are.
        found = json.loads(text, parse_float=str)
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ModelError(f"{path}: a list of objects with {', '.join(_COLUMNS)} is allowed")
    return enumerate(found, 1)


def _csv_rows(path: Path, text: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(reader, [])]
    for name in header:
        if header.count(name) > 1:
            raise ModelError(f"{path}: column {name} is there {header.count(name)} times")
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise ModelError(
                f"{path}, line {reader.line_num}: {len(cells)} cells, the header has {len(header)}"
            )
        yield reader.line_num, {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}


def _gemm(path: Path, number: int, row: Mapping[str, Any]) -> Gemm:
    where = f"{path}, row {number}"
    unknown = sorted(set(row) - set(_COLUMNS))
    if unknown:
        raise ModelError(f"{where}: {unknown[0]} is unknown, allowed are {', '.join(_COLUMNS)}")
    missing = [name for name in _COLUMNS[:4] if row.get(name) in (None, "")]
    if missing:
        raise ModelError(f"{where}: {', '.join(missing)} missing")
    m, n, k = (_side(row[name], f"{where}: {name} =") for name in ("m", "n", "k"))
    densities = (density(row.get(name, 1), f"{where}: {name}") for name in _COLUMNS[4:])
    return Gemm(str(row["name"]).strip(), m, n, k, *densities)
