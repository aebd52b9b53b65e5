"""How operands of the vector-scaled MAC are quantised, by the options of a run, and what is saved of them."""

from typing import Any

import numpy as np

from dotforge_golden.quantise import LEVELS, Quantised, quantise
from dotforge_golden.vsquant import compress, prune

from .errors import RunError
from .operands import Stored, values
from .options import check_range, refuse_quantising
from .tensors.stored import about, wanted_format

__all__ = ["PERCENTILE", "checked_sparse", "percentile_of", "quantised", "saved"]

#: Of magnitudes, where --clipping percentile is not told.
PERCENTILE = 99.9


def checked_sparse(b: np.ndarray | Stored, options: Any) -> np.ndarray | Stored:
    """Return B with two of four weights along K at most.

    Parameters
    ----------
    b : B, (K, N)
    options : of the run

    Raises
    ------
    RunError
        It has more, and may not be pruned.
    """
    given = values(b)
    assert isinstance(given, np.ndarray)
    pruned = prune(given.T).T
    if options.prune == "none" or isinstance(b, Stored):
        lost = np.argwhere(pruned != given)
        if len(lost):
            row, column = lost[0]
            raise RunError(
                f"B is not 2:4 sparse along K: {len(lost)} weights too many, such as B[{row}, {column}]; "
                "--prune magnitude drops the smallest"
            )
    return b if isinstance(b, Stored) else pruned


def percentile_of(options: Any) -> float:
    """Return the percentile that options name.

    Parameters
    ----------
    options : of the run

    Raises
    ------
    RunError
        It is out of range or for nothing.
    """
    if options.percentile is None:
        return PERCENTILE
    if options.clipping != "percentile":
        raise RunError(
            f"--percentile {options.percentile:g} needs --clipping percentile, given {options.clipping}"
        )
    return check_range("percentile", options.percentile, 0, 100)


def _levels(options: Any) -> str:
    if options.clipping_levels is None:
        return LEVELS[0]
    if options.clipping != "optimum":
        raise RunError(f"--clipping-levels needs --clipping optimum, given {options.clipping}")
    return options.clipping_levels


def quantised(
    parameters: dict[str, Any], a: np.ndarray | Stored, b: np.ndarray | Stored, options: Any
) -> tuple[tuple[Quantised, Quantised], list[dict[str, Any]]]:
    """Return both operands as vectors, K in the second dimension, and by which rule; what is quantised already stays.

    Parameters
    ----------
    parameters : of the engine, by name
    a : A, (M, K)
    b : B, (K, N)
    options : of the run

    Raises
    ------
    RunError
        Options for nothing, or a stored operand of other widths.
    """
    ready = [isinstance(each, Stored) for each in (a, b)]
    shared: dict[str, Any] = {
        "clipping": options.clipping,
        "percentile": percentile_of(options),
        "levels": _levels(options),
        "scale_rounding": options.round_scales,
        "unit": options.unit,
    }
    refuse_quantising(
        options,
        {
            name: not all(ready)
            for name in ("clipping", "percentile", "clipping_levels", "round_scales", "unit")
        }
        | {"activation_unit": not ready[0], "weight_unit": not ready[1], "prune": not ready[1]},
    )
    found, rules = [], []
    for name, kind, matrix, unit in (
        ("A", "activation", a, options.activation_unit),
        ("B", "weight", b, options.weight_unit),
    ):
        bits, scale_bits = parameters[f"{kind}_bits"], parameters[f"{kind}_scale_bits"]
        if isinstance(matrix, Stored):
            found.append(_stored(matrix, name, parameters["vector"], bits, scale_bits))
            rules.append({"stored": True, **matrix.rule})
            continue
        rows = matrix if name == "A" else matrix.T
        per_row = unit != "matrix"
        found.append(
            quantise(
                rows, bits=bits, scale_bits=scale_bits, vector=parameters["vector"], per_row=per_row, **shared
            )
        )
        rules.append({**shared, "second_level": unit})
    return (found[0], found[1]), rules


def _stored(stored: Stored, name: str, vector: int, bits: int, scale_bits: int) -> Quantised:
    found = wanted_format(stored, name, "vsquant", "vectors", f"int{bits}")
    if found.block != vector:
        raise RunError(f"{name} has vectors of {found.block} elements, and the engine takes vector={vector}")
    assert found.scales is not None
    if found.scales.size and not 0 <= int(found.scales.min()) <= int(found.scales.max()) < 1 << scale_bits:
        raise RunError(
            f"{name} has scales up to {int(found.scales.max())}, and the engine takes {scale_bits} bits"
        )
    return found.vectors()


def saved(
    parameters: dict[str, Any], activations: Quantised, weights: Quantised, rules: list[dict[str, Any]]
) -> dict[str, np.ndarray]:
    """Elements, scales and units in the matrices' own orientation, and what they are.

    Parameters
    ----------
    parameters : of the engine, by name
    activations, weights : as the engine took them
    rules : that made them
    """
    told = [
        {
            "kind": "vectors", "format": f"int{parameters[f'{kind}_bits']}", "block": parameters["vector"],
            "scale_bits": parameters[f"{kind}_scale_bits"], "rule": rule,
        }
        for kind, rule in zip(("activation", "weight"), rules, strict=True)
    ]  # fmt: skip
    arrays = {
        **about("vsquant", *told),
        "a_elements": activations.elements.astype(np.int8),
        "a_scales": activations.scales.astype(np.uint16),
        "a_units": activations.units,
        "b_elements": np.ascontiguousarray(weights.elements.T.astype(np.int8)),
        "b_scales": np.ascontiguousarray(weights.scales.T.astype(np.uint16)),
        "b_units": weights.units,
    }
    if parameters["sparsity"] == "2:4":
        fill = -weights.elements.shape[1] % 4
        kept, indices = compress(np.pad(weights.elements, ((0, 0), (0, fill))))
        arrays["b_stored"] = np.ascontiguousarray(kept.T.astype(np.int8))
        arrays["b_places"] = np.ascontiguousarray(indices.T.astype(np.uint8))
    return arrays
