"""``compare``: two sets of reports, configuration by configuration."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..parameters import as_given
from ..synthesis.metrics import METRICS, Metric, value
from ..tools.files import OutputError
from .limits import Limit
from .report_files import Found, read_reports

__all__ = ["Change", "Comparison", "Pair", "compare", "compare_paths"]

#: A tool whose change is what is compared, not a reason to refuse.
_OURS = "dotforge"


@dataclass(frozen=True)
class Change:
    """A metric of a pair.

    Attributes
    ----------
    metric : which
    old, new : values, ``None`` where a report has none
    percent : relative change; ``None`` where it is not a number
    verdict : ``"better"``, ``"worse"``, ``"same"`` (within the tolerance), or ``"gone"``, ``"added"``
    """

    metric: Metric
    old: float | None
    new: float | None
    percent: float | None
    verdict: str


@dataclass
class Pair:
    """A configuration that both sides have.

    Attributes
    ----------
    name : engine, target and parameters in short
    old, new : reports
    changes : in the order of :data:`dotforge.synthesis.metrics.METRICS`
    differs : engine, target, tools or options that are not the same, in words
    """

    name: str
    old: dict[str, Any]
    new: dict[str, Any]
    changes: list[Change]
    differs: list[str]


@dataclass
class Comparison:
    """The result.

    Attributes
    ----------
    pairs : configurations of both sides
    added, vanished : names of configurations of one side
    broken : limits that are broken, in words
    unmet : limits that met no figure that could be judged, in words
    ignored : JSON files that were no reports
    """

    pairs: list[Pair] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)


def compare_paths(
    old: Path,
    new: Path,
    *,
    limits: Iterable[Limit] = (),
    tolerances: Mapping[str, float] | None = None,
    allow_different: bool = False,
) -> Comparison:
    """Compare files or directories; see :func:`compare`.

    Parameters
    ----------
    old : report, or directory of reports
    new : as ``old``
    limits : that must hold
    tolerances : metric → relative change that is noise
    allow_different : pair reports of different engines, targets, tools or options too
    """
    before, after = read_reports(old), read_reports(new)
    # Two files are a pair whatever they describe: that is what the user asked for.
    single = not old.is_dir() and not new.is_dir()
    return compare(
        before, after, limits=limits, tolerances=tolerances, allow_different=allow_different, single=single
    )


def compare(
    old: Found,
    new: Found,
    *,
    limits: Iterable[Limit] = (),
    tolerances: Mapping[str, float] | None = None,
    allow_different: bool = False,
    single: bool = False,
) -> Comparison:
    """Pair reports by engine, target and parameters, and compare each metric.

    Where a version of an engine has a parameter more or less than another one, the others tell the pair.

    Parameters
    ----------
    old, new : reports
    limits : what must not happen
    tolerances : metric → relative change that is noise, over the metric's own
    allow_different : pair reports of different engines, targets, tools or options too
    single : each side is one report, and they are a pair even if the configurations differ

    Raises
    ------
    OutputError
        A pair has different engines, targets, tools or options; two reports are of one configuration.
    """
    before, after = _by_key(old), _by_key(new)
    if single:
        before, after = {"": next(iter(before.values()))}, {"": next(iter(after.values()))}
    else:
        _match(before, after, _with_new_parameters)
        if allow_different:
            _match(before, after, _on_another_target)
    result = Comparison(ignored=[*old.foreign, *new.foreign])
    given = {entry.name: entry.tolerance for entry in METRICS} | dict(tolerances or {})
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in after:
            result.vanished.append(_name(before[key][1]))
        elif key not in before:
            result.added.append(_name(after[key][1]))
        else:
            result.pairs.append(_pair(before[key], after[key], given, allow_different))
    for limit in limits:
        judged, broken = _judged(result, limit)
        result.broken += broken
        if not judged:
            met = "no figure that can be judged" if result.pairs else "nothing: no configuration is in both"
            result.unmet.append(f"limit {limit.text!r} met {met}")
    return result


def _by_key(found: Found) -> dict[str, tuple[Path, dict[str, Any]]]:
    keyed: dict[str, tuple[Path, dict[str, Any]]] = {}
    for path, report in found.reports.items():
        key = _key(report, target=True)
        if key in keyed:
            raise OutputError(f"{keyed[key][0]} and {path} are reports of one configuration")
        keyed[key] = path, report
    return keyed


def _key(report: dict[str, Any], *, target: bool) -> str:
    parts = [report["engine"], report["parameters"], report["target"] if target else None]
    return json.dumps(parts, sort_keys=True, allow_nan=False)


def _match(
    before: dict[str, tuple[Path, dict[str, Any]]],
    after: dict[str, tuple[Path, dict[str, Any]]],
    alike: Callable[[dict[str, Any], dict[str, Any]], bool],
) -> None:
    """Give a report without a partner the key of the only one that is like it, where each is the other's only one."""
    alone = [key for key in before if key not in after]
    likes = {
        key: [other for other in alone if alike(before[other][1], after[key][1])]
        for key in after
        if key not in before
    }
    wanted = Counter(other for others in likes.values() for other in others)
    for key, others in likes.items():
        if len(others) == 1 and wanted[others[0]] == 1:
            after[others[0]] = after.pop(key)


def _with_new_parameters(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether parameters were only added to an engine, or only taken away, between two versions of it."""
    first, second = old["parameters"].items(), new["parameters"].items()
    same = old["engine"] == new["engine"] and old["target"] == new["target"]
    return same and (first <= second or second <= first)


def _on_another_target(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return _key(old, target=False) == _key(new, target=False)


def _pair(
    before: tuple[Path, dict[str, Any]],
    after: tuple[Path, dict[str, Any]],
    tolerances: Mapping[str, float],
    allow_different: bool,
) -> Pair:
    (old_path, old), (new_path, new) = before, after
    differs = list(_differences(old, new))
    if differs and not allow_different:
        raise OutputError(
            f"{old_path} and {new_path} cannot be compared: {'; '.join(differs)} (--allow-different compares them)"
        )
    changes = [
        _change(metric, value(old, metric), value(new, metric), tolerances[metric.name])
        for metric in METRICS
        if value(old, metric) is not None or value(new, metric) is not None
    ]
    return Pair(_pair_name(old, new), old, new, changes, differs)


def _differences(old: dict[str, Any], new: dict[str, Any]) -> Iterable[str]:
    for name in ("engine", "target"):
        if old[name] != new[name]:
            yield f"{name} {old[name]} and {new[name]}"
    for part in ("tools", "options"):
        for name in sorted({*old[part], *new[part]} - {_OURS}):
            first, second = old[part].get(name, "none"), new[part].get(name, "none")
            if first != second:
                yield f"{part.removesuffix('s')} {name} {first} and {second}"


def _change(metric: Metric, old: float | None, new: float | None, tolerance: float) -> Change:
    if new is None or old is None:
        return Change(metric, old, new, None, "gone" if new is None else "added")
    percent = 100 * (new - old) / old if old else (0.0 if new == old else None)
    if new == old or abs(new - old) <= tolerance * abs(old):
        verdict = "same"
    else:
        verdict = "better" if (new < old) == (metric.better == "less") else "worse"
    return Change(metric, old, new, percent, verdict)


def _judged(result: Comparison, limit: Limit) -> tuple[bool, list[str]]:
    """Return whether there was anything to judge, and how the limit is broken, in words."""
    if limit.text in ("vanished", "new"):
        names = result.vanished if limit.text == "vanished" else result.added
        return bool(result.pairs or names), [f"{limit.text}: {name}" for name in names]
    judged, broken = False, []
    for pair in result.pairs:
        for change in pair.changes:
            if limit.text == "worse":
                verdict: bool | None = change.verdict in ("worse", "gone")
            elif change.metric.name in limit.metrics:
                verdict = limit.broken(change.old, change.new)
            else:
                continue
            judged = judged or verdict is not None
            if verdict:
                broken.append(f"{limit.text}: {pair.name}: {described(change)}")
    return judged, broken


def described(change: Change) -> str:
    """Return a change in words, as in ``transistors 6274 → 6500 (+3.6 %)``."""
    percent = "" if change.percent is None else f" ({change.percent:+.2f} %)"
    unit = f" {change.metric.unit}" if change.metric.unit else ""
    return f"{change.metric.name} {number(change.old)} → {number(change.new)}{unit}{percent}"


def number(found: float | None) -> str:
    """Return a figure as text, exact for integers."""
    if found is None:
        return "none"
    return str(found) if isinstance(found, int) else f"{found:.6g}"


def _name(report: dict[str, Any]) -> str:
    parameters = " ".join(f"{name}={as_given(given)}" for name, given in report["parameters"].items())
    return f"{report['engine']} {report['target']} {parameters}".strip()


def _pair_name(old: dict[str, Any], new: dict[str, Any]) -> str:
    if old["engine"] == new["engine"] and old["parameters"] == new["parameters"]:
        return _name(new)
    changed = [
        f"{name}={as_given(old['parameters'].get(name, 'none'))}→{as_given(new['parameters'].get(name, 'none'))}"
        for name in sorted({*old["parameters"], *new["parameters"]})
        if old["parameters"].get(name) != new["parameters"].get(name)
    ]
    engine = old["engine"] if old["engine"] == new["engine"] else f"{old['engine']}→{new['engine']}"
    return f"{engine} {new['target']} {' '.join(changed)}".strip()
