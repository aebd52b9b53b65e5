"""How operands of the block-format dot product are quantised, by the options of a run."""

from typing import Any

import numpy as np

from dotforge_golden.mx import Blocks, quantise
from dotforge_golden.mx_rules import formats_of, quantise_by
from dotforge_golden.mx_search import SEARCHES, search

from .errors import RunError
from .operands import Stored
from .options import refuse_quantising
from .tensors.stored import wanted_format

__all__ = ["BEST", "chosen", "quantised"]

#: Format → rounding of scales with the least error on weights of a sentence encoder (docs/interchange.md): where the
#: largest element has room to its next power of two (E5M2, and E3M2 by its code above 28) saturating costs more than a
#: finer scale gives, so ``ceil``; INT8 clips next to nothing, so ``floor``.
BEST = {
    "mxint8": "floor",
    "mxfp8_e4m3": "ceil",
    "mxfp8_e5m2": "ceil",
    "mxfp6_e3m2": "ceil",
    "mxfp6_e2m3": "even",
    "mxfp4": "even",
    "nvfp4": "even",
}


def chosen(
    matrix: np.ndarray,
    *,
    format: str,
    rule: str = "best",
    round_scales: str = "standard",
    per_row: bool = False,
    unit: float | None = None,
) -> Blocks:
    """Quantise a matrix by a rule, a rounding of scales, or a search of them.

    Parameters
    ----------
    matrix : (rows, K)
    format : key of :data:`dotforge_golden.mx.ELEMENTS`
    rule : ``best`` or key of :data:`dotforge_golden.mx_rules.RULES`
    round_scales : ``standard``, what the rule says; else as golden has them, with no library's rule
    per_row, unit : see :func:`dotforge_golden.mx.quantise`

    Raises
    ------
    RunError
        Options that do not go together, or not with the format.
    """
    try:
        if rule not in ("best", "ocp"):
            if round_scales != "standard":
                raise RunError(f"--round-scales {round_scales}: rule {rule} rounds scales by itself")
            if per_row:
                raise RunError(
                    f"rule {rule} has one scale for the matrix, allowed is no unit for a row or column"
                )
            return quantise_by(matrix, format=format, rule=rule, unit=unit)
        if round_scales in SEARCHES:
            return search(matrix, format=format, way=round_scales, per_row=per_row, unit=unit)
        rounding = BEST[format] if rule == "best" and round_scales == "standard" else round_scales
        return quantise(matrix, format=format, scale_rounding=rounding, per_row=per_row, unit=unit)
    except ValueError as error:
        raise RunError(str(error)) from None


def quantised(
    parameters: dict[str, Any], a: np.ndarray | Stored, b: np.ndarray | Stored, options: Any
) -> tuple[tuple[Blocks, Blocks], tuple[dict[str, Any], dict[str, Any]]]:
    """Return both operands in blocks, K in the second dimension, and by which rule; what is quantised already stays.

    Parameters
    ----------
    parameters : of the engine, by name
    a : A, (M, K)
    b : B, (K, N)
    options : of the run

    Raises
    ------
    RunError
        Options that do not fit the formats.
    """
    ready = [isinstance(each, Stored) for each in (a, b)]
    refuse_quantising(
        options,
        {
            "rule": not all(ready), "round_scales": not all(ready), "activation_unit": not ready[0],
            "activation_scale": not ready[0], "weight_unit": not ready[1],
        },
    )  # fmt: skip
    kinds = (("A", "activation", a, options.activation_unit), ("B", "weight", b, options.weight_unit))
    found, rules = [], []
    for name, kind, matrix, shared in kinds:
        format = parameters[f"{kind}_format"]
        given = options.activation_scale if name == "A" else None
        if isinstance(matrix, Stored):
            found.append(wanted_format(matrix, name, "mxdot", "blocks", format).blocks())
            rules.append({"stored": True, **matrix.rule})
            continue
        if shared != "matrix" and format != "nvfp4":
            raise RunError(f"--{kind}-unit {shared}: {format} has no such scale, allowed is matrix")
        if given is not None and format != "nvfp4":
            raise RunError(f"--activation-scale {given:g}: {format} has no such scale, nvfp4 has")
        if options.rule != "best" and format not in formats_of(options.rule):
            allowed = ", ".join(formats_of(options.rule))
            raise RunError(f"--rule {options.rule} has {allowed}, and {name} is {format}")
        rows = matrix if name == "A" else matrix.T
        ways = {"rule": options.rule, "round_scales": options.round_scales}
        found.append(chosen(rows, format=format, **ways, per_row=shared != "matrix", unit=given))
        if options.rule == "best" and options.round_scales == "standard":
            ways["round_scales"] = BEST[format]
        rules.append({**ways, "unit": shared, **({} if given is None else {"activation_scale": given})})
    return (found[0], found[1]), (rules[0], rules[1])
