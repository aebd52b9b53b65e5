"""Area of the Flex-DPE by its parameters: sums of terms, part by part, fitted to what was measured."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

__all__ = ["REST", "TERMS", "Fit", "Parameters", "area", "fit"]

Parameters = dict[str, Any]

_Term = Callable[[Parameters], float]


def _n(p: Parameters) -> float:
    return p["lanes"]


def _nk(p: Parameters) -> float:
    return p["lanes"] * math.log2(p["lanes"])


def _w(p: Parameters) -> float:
    return p["window"]


def _b(p: Parameters) -> float:
    return p["stationary_bandwidth"]


def _one(p: Parameters) -> float:
    return 1.0


#: Part → what it depends on besides, and its terms. With a crossbar, routes are as long as there are lanes.
TERMS: dict[str, tuple[tuple[str, ...], tuple[_Term, ...]]] = {
    "multipliers": (("format",), (_n,)),
    "reduction": (("format", "fold_change"), (_n, _nk)),
    "sums' control": (("fold_change",), (_n, _nk, _one)),
    "routing": (
        ("distribution",),
        (
            _one,
            _n,
            lambda p: p["route_engines"] * _nk(p) * (p["distribution"] != "crossbar"),
            lambda p: p["route_engines"] * p["route_walkers"] * _n(p) * (p["distribution"] != "crossbar"),
        ),
    ),
    "distribution": (
        ("format", "distribution"),
        (
            _n,
            lambda p: _n(p) * _w(p) * (p["distribution"] == "crossbar"),
            lambda p: _nk(p) * (p["distribution"] != "crossbar"),
        ),
    ),
    "stationary values": (("format",), (_n, _b, lambda p: _b(p) * math.log2(2 * _b(p)), _w)),
    "runs": ((), (_n, _nk, _w)),
    "keep bits": ((), (_w, _b, _one)),
    "positions": ((), (_w, _one)),
    "rows, REGOR": ((), (_w, lambda p: float(p["row_buffer"] > 0), _one)),
    "other control": ((), (_n, _one)),
}

#: What the rest of a configuration is while these are measured.
REST: Parameters = {
    "format": "int8", "window": 0, "distribution": "crossbar", "route_engines": 1, "route_walkers": 1,
    "row_buffer": 0, "stationary_bandwidth": 4, "fold_change": "overlap",
}  # fmt: skip


def _whole(parameters: Parameters) -> Parameters:
    made = REST | parameters
    made["window"] = made["window"] or made["lanes"]
    return made


Fit = dict[str, dict[str, list[float]]]


def fit(rows: list[tuple[Parameters, dict[str, int]]]) -> Fit:
    """Return part → what it depends on → factors of its terms, none below 0, for the least relative error.

    Parameters
    ----------
    rows : configurations with their transistors by part
    """
    found: Fit = {}
    for part, (keys, terms) in TERMS.items():
        groups: dict[str, list[tuple[list[float], float]]] = {}
        for parameters, measured in rows:
            whole = _whole(parameters)
            name = " ".join(str(whole[key]) for key in keys)
            groups.setdefault(name, []).append(([term(whole) for term in terms], measured[part]))
        found[part] = {
            name: _least([row for row in group if row[1] > 0], len(terms)) for name, group in groups.items()
        }
    return found


def _least(points: list[tuple[list[float], float]], count: int) -> list[float]:
    if not points:
        return [0.0] * count
    rows = np.array([[value / target for value in values] for values, target in points])
    factors, _ = scipy.optimize.nnls(rows, np.ones(len(points)))
    return [float(f"{factor:.6g}") for factor in factors]


def area(fitted: Fit, parameters: Parameters) -> float:
    """Return the transistors of a configuration by the fit.

    Parameters
    ----------
    fitted : what :func:`fit` returns
    parameters : of the engine
    """
    whole, total = _whole(parameters), 0.0
    for part, (keys, terms) in TERMS.items():
        factors = fitted[part][" ".join(str(whole[key]) for key in keys)]
        total += sum(factor * term(whole) for factor, term in zip(factors, terms, strict=True))
    return total
