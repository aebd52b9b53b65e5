"""The configurations of a sweep: a grid, or a list from a file; each becomes a job that any process can run."""

import csv
import hashlib
import importlib.metadata
import io
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..parameters import ParameterError
from ..registry import configure
from ..synthesis.targets import Settings, check, target
from ..tools import yosys
from ..tools.files import OutputError, read_json, read_text

__all__ = ["Job", "from_file", "grid", "jobs", "run_job"]


@dataclass(frozen=True)
class Job:
    """One configuration on one target.

    Attributes
    ----------
    engine : name in the registry
    given : parameters as the user gave them
    parameters : all parameters, as manifests have them
    target : as the user gave it
    settings : of the run
    """

    engine: str
    given: tuple[tuple[str, Any], ...]
    parameters: dict[str, Any]
    target: str
    settings: Settings

    @property
    def name(self) -> str:
        """File name of the report: the same configuration on the same target has the same."""
        label = target(self.target).name
        parts = json.dumps([self.engine, self.parameters, label], sort_keys=True, allow_nan=False)
        readable = "".join(letter if letter.isalnum() else "-" for letter in label)
        return f"{self.engine}-{readable}-{hashlib.sha256(parts.encode()).hexdigest()[:12]}.json"

    @property
    def made_by(self) -> str:
        """Hash of all that a report depends on beside its configuration: code, tools, options."""
        chosen = target(self.target)
        tools = {name: importlib.metadata.version(name) for name in ("dotforge", "amaranth")}
        tools |= {"synthesis": yosys.version(self.settings.yosys), **chosen.tools(self.settings)}
        parts = [_sources(), tools, chosen.options(self.settings, self.engine)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, allow_nan=False).encode()).hexdigest()[:32]

    def as_json(self) -> str:
        """Return the job for another process."""
        return json.dumps(asdict(self), allow_nan=False)


@cache
def _sources() -> str:
    """Return a hash of dotforge itself: a change of any line may change what is generated."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def grid(given: Mapping[str, Iterable[str]]) -> list[dict[str, str]]:
    """Return every combination of values; the last parameter changes fastest."""
    names = list(given)
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*given.values())]


def from_file(path: Path) -> list[dict[str, Any]]:
    """Read configurations: a JSON list of objects, or CSV with a column a parameter (empty means default).

    Raises
    ------
    OutputError
        The file is missing or has another form, such as a column or a key that is there twice.
    """
    found = _table(path) if path.suffix.lower() == ".csv" else read_json(path)
    if not isinstance(found, list) or not found or not all(isinstance(row, dict) for row in found):
        raise OutputError(f"{path}: allowed is a list of objects, parameter → value, with at least one")
    return found


def _table(path: Path) -> list[dict[str, str]]:
    """Read CSV; a row has a cell for every column, so that nothing is left out or taken for a default."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise OutputError(f"{path} is not CSV: line {reader.line_num}: {error}") from error
    columns = rows[0][1] if rows else []
    for number, name in enumerate(columns, 1):
        if not name:
            raise OutputError(f"{path}: column {number} has no name")
        if columns.count(name) > 1:
            raise OutputError(f"{path}: column {name} is there {columns.count(name)} times")
    for line, cells in rows[1:]:
        if len(cells) != len(columns):
            raise OutputError(
                f"{path}: line {line} has {len(cells)} cells, allowed are {len(columns)}, one a column"
            )
    return [{name: cell for name, cell in zip(columns, cells, strict=True) if cell} for _, cells in rows[1:]]


def jobs(
    engine: str, configurations: Iterable[Mapping[str, Any]], name: str, settings: Settings, *, skip: bool
) -> tuple[list[Job], list[str]]:
    """Check every configuration before anything runs.

    Parameters
    ----------
    engine : name in the registry
    configurations : parameter → value
    name : of the target
    settings : of the runs
    skip : leave out configurations that the engine does not allow, instead of raising

    Returns
    -------
    The jobs, each configuration once, and why others were left out.

    Raises
    ------
    ParameterError, TargetError
        A configuration or the target is not allowed, or the target makes no use of a setting.
    """
    check(target(name), settings.chosen)
    made: dict[str, Job] = {}
    refused = []
    for given in configurations:
        try:
            _, config = configure(engine, dict(given))
        except ParameterError as error:
            if not skip:
                raise
            refused.append(str(error))
            continue
        parameters = asdict(config)
        key = json.dumps(parameters, sort_keys=True, allow_nan=False)
        made.setdefault(key, Job(engine, tuple(given.items()), parameters, name, settings))
    if not made:
        raise ParameterError("no configuration is left: " + "; ".join(refused[:3]))
    return list(made.values()), refused


def run_job(text: str) -> dict[str, Any]:
    """Generate and synthesize one configuration, in whatever process.

    Parameters
    ----------
    text : of :meth:`Job.as_json`

    Returns
    -------
    ``{"report": …}``, or ``{"error": one line}``: an exception would not always survive the way back.
    """
    from ..export.design import from_parameters  # noqa: PLC0415 - the parent lists jobs without elaborating
    from ..synthesis.synth import synthesize  # noqa: PLC0415

    job = json.loads(text)
    settings = Settings(**job["settings"])
    chosen = {
        **settings.chosen,
        "yosys": settings.yosys,
        "jobs": 1,
    }  # other configurations use the other cores
    try:
        generated = from_parameters(job["engine"], dict(job["given"]))
        report = synthesize(generated, target=job["target"], **chosen)
    except Exception as error:
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())}
    return {"report": report}
