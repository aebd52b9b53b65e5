"""Our engines' own cycles, from the models that equal their RTL."""

from collections.abc import Callable
from typing import Any

from . import flexdpu_estimate, systolic
from .counts import Counts, better
from .errors import ModelError
from .flexdpe_estimate import count, random_windows, sparse_windows
from .flexdpe_timing import Timing
from .operands import Product

__all__ = ["MODELS", "SEED", "exact"]

#: Of what is drawn for densities, unless another is given.
SEED = 1


def _flexdpe(parameters: dict[str, Any], product: Product, stationary: str, seed: int) -> Counts:
    """Return what a Flex-DPE takes; all bitmaps are streamed ahead for REGOR."""
    timing = Timing.of(parameters)
    rows, _, vectors, _ = product.side(stationary)
    if product.densities is None:
        both = (product.a, product.b) if stationary == "a" else (product.b, product.a)
        windows = sparse_windows(timing, *both, bitmaps=vectors)
    else:
        densities = [float(each) for each in product.densities]
        if stationary == "b":
            densities.reverse()
        windows = random_windows(timing, (rows, product.k, vectors), densities, seed=seed, bitmaps=vectors)
    found = count(timing, windows, vectors)
    return Counts(
        stationary=stationary,
        loading=found.cycles.loading,
        streaming=found.cycles.streaming,
        add=found.cycles.add,
        folds=found.folds,
        held=found.useful,
        nonzeros=found.useful,
        multipliers=timing.lanes,
        useful_macs=product.useful_macs,
        notes={
            "seed": None if product.densities is None else seed,
            "counted": "every cycle" if found.counted else "a sample of folds, carried over",
        },
    )


def _flexdpu(parameters: dict[str, Any], product: Product, stationary: str, seed: int) -> Counts:
    """Return what a Flex-DPU takes, all Flex-DPEs a group; all bitmaps are streamed ahead for REGOR."""
    rows, _, vectors, _ = product.side(stationary)
    if product.densities is None:
        both = (product.a, product.b) if stationary == "a" else (product.b, product.a)
        found = flexdpu_estimate.of_matrices(parameters, *both)
    else:
        densities = [float(each) for each in product.densities]
        if stationary == "b":
            densities.reverse()
        shape = rows, product.k, vectors
        found = flexdpu_estimate.of_densities(parameters, shape, densities, seed=seed)
    return Counts(
        stationary=stationary,
        loading=found.cycles.loading,
        streaming=found.cycles.streaming,
        add=found.cycles.add,
        folds=found.folds,
        held=found.useful,
        nonzeros=found.useful,
        multipliers=parameters["engines"] * parameters["lanes"],
        useful_macs=product.useful_macs,
        notes={
            "seed": None if product.densities is None else seed,
            "counted": "folds; what each takes follows from its parts",
            "tiles": found.jobs,
        },
    )


def _systolic(parameters: dict[str, Any], product: Product, stationary: str, seed: int) -> Counts:
    """Return what a systolic array takes: zeros are worked on like all values, nothing is drawn."""
    stays, nonzeros, _, _ = product.side(stationary)
    cycles, folds = systolic.exact(parameters, (product.m, product.k, product.n), stationary)
    return Counts(
        stationary=stationary,
        loading=cycles.loading,
        streaming=cycles.streaming,
        add=cycles.add,
        folds=folds,
        held=stays * product.k,
        nonzeros=nonzeros,
        multipliers=parameters["rows"] * parameters["columns"],
        useful_macs=product.useful_macs,
        notes={"seed": None, "counted": "every cycle"},
    )


#: Engine → its model: parameters, product, stationary operand, seed.
MODELS: dict[str, Callable[[dict[str, Any], Product, str, int], Counts]] = {
    "flexdpe": _flexdpe,
    "flexdpu": _flexdpu,
    "systolic": _systolic,
}


def exact(
    engine: str, parameters: dict[str, Any], product: Product, stationary: str = "auto", *, seed: int = SEED
) -> Counts:
    """Return the cycles of one of our engines with A, B or the better of the two stationary.

    Parameters
    ----------
    engine : that has a model, see :data:`MODELS`
    parameters : all of the engine's
    product : of two matrices
    stationary : ``a``, ``b`` or ``auto``
    seed : of what is drawn where the product is known by its densities

    Raises
    ------
    ModelError
        The engine has no cycle model, or not with these parameters.
    """
    if engine not in MODELS:
        raise ModelError(f"engine {engine} has no exact cycle model: allowed are {', '.join(sorted(MODELS))}")
    if (slices := parameters.get("register_slices", "none")) != "none":
        raise ModelError(f"parameter register_slices={slices}: the exact cycle model allows none")
    sides = ("a", "b") if stationary == "auto" else (stationary,)
    return better([MODELS[engine](parameters, product, side, seed) for side in sides])
