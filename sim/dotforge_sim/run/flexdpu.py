"""Runs matrix products through the RTL of the Flex-DPU: C = A @ B, one operand stationary, several at a time.

A product is cut into tiles that the accumulator holds; what comes out of the engine is finished. Rows that are empty
are not sent. With ``--jobs`` further products run beside the one of ``--a`` and ``--b``, each on Flex-DPEs of its own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from ..models.cycles import Cycles
from ..models.flexdpu import exact
from ..models.flexdpu_shape import Shape
from ..simulator.streams import Simulator
from .conclusion import Conclusion, conclude
from .encoded import Encoded, told
from .errors import RunError
from .flexdpu_asked import Asked, Options, asked_products, files
from .flexdpu_jobs import Returned, inputs, result_beats, returned
from .flexdpu_tiles import Found, Product, Tile, wanted
from .gemm import Design, Progress, RunResult
from .operands import checked_operands
from .word_format import Format, sums_margin

__all__ = ["EXAMPLE", "SPARSITY", "STORES_NONZEROS", "Options", "cycles_of", "files", "product_of", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npz --stationary auto -o product.npy --json report.json"

#: Of the weights of sample operands: what the paper's evaluation has.
SPARSITY = 0.8

#: Vectors of a product whose cycles are followed one by one ahead of a run; of longer ones they are estimated.
_FOLLOWED = 5_000

#: What is zero is neither stored nor sent.
STORES_NONZEROS = True

#: Vectors in one run of the simulator; more are run in pieces.
_PIECE = 1_000_000


def run(design: Design, a: Any, b: Any, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``flexdpu``
    a, b : M×K and K×N, with their zeros or sparse, of values that the format holds, or any that are then rounded
    options : see :class:`Options`
    progress : told about streamed vectors

    Returns
    -------
    C as int64, exactly A @ B where nothing overflowed, or as float32, bit for bit what golden gives, which every run
    checks; float64 with ``quantize="scaled"``.

    Raises
    ------
    RunError
        Shapes, types, values or jobs that the configuration does not take.
    """
    if design.parameters.get("interface", "streams") != "streams":
        raise RunError("parameter interface=axi: allowed streams, which is the same core without packets")
    started = time.monotonic()
    operands = checked_operands(a, b)
    with np.errstate(
        all="ignore"
    ):  # what leaves the range of a number shows in it, and is reported from there
        return _run(design, operands, options, progress, started)


def product_of(
    design: Design, operands: list[Any], options: Options
) -> tuple[list[Encoded], str, Any, np.ndarray]:
    """Return what golden gives of the product of A and B alone, without running the RTL.

    Parameters
    ----------
    design : a generated ``flexdpu``
    operands : A and B, with their zeros, sparse, or quantised already
    options : see :class:`Options`

    Returns
    -------
    A and B as words, the operand that stays, C, and flags, set where sums left their range.

    Raises
    ------
    RunError
        Values, shapes or jobs that the configuration does not take.
    """
    shape, format = Shape.of(design.parameters), Format(design.parameters["format"])
    asked = asked_products(design, shape, format, (operands[0], operands[1]), options)
    if len(asked) > 1:
        raise RunError("--jobs: products that run beside one another have no cycles that are known ahead")
    expected = wanted(asked[0].product, shape, _sum_bits(design))
    flags = ~np.isfinite(expected.sums) if format.is_float else expected.exact != expected.sums
    return asked[0].encoded, asked[0].product.stationary, asked[0].c(expected.sums), flags


def cycles_of(design: Design, operands: list[Any], options: Options) -> int | None:
    """Return the cycles of the product of A and B alone, as the RTL takes them; ``None`` of one too long to follow.

    Parameters
    ----------
    design, operands, options : see :func:`product_of`
    """
    shape, format = Shape.of(design.parameters), Format(design.parameters["format"])
    (one,) = asked_products(design, shape, format, (operands[0], operands[1]), options)
    if one.product.beats > _FOLLOWED:
        return None
    total = 0
    for piece in _pieces([one.product]):
        jobs = [tile.job for _, tile in piece if tile.job is not None]
        places = [(job.plan, (job.slot, job.first, job.size)) for job in jobs]
        taken = exact(design.parameters, places, given_regor=options.regor == "given")
        total += max(each.last for each in taken) - taken[0].first + 1
    return total


def _run(
    design: Design, operands: tuple[Any, Any], options: Options, progress: Progress, started: float
) -> RunResult:
    shape = Shape.of(design.parameters)
    format = Format(design.parameters["format"])
    asked = asked_products(design, shape, format, operands, options)
    given = asked[0].given
    found = _simulated(design, shape, [each.product for each in asked], options, progress)
    bits = _sum_bits(design)
    golden_found = [wanted(each.product, shape, bits) for each in asked]
    main, sums, expected = asked[0], found.sums[0], golden_found[0]
    wrong = _differ(sums, expected.sums) + found.wrong[0]
    product = main.product
    loaded, streamed = product.elements
    rounds, vectors = expected.rounds
    lanes = shape.lanes * _size(product, shape)
    report = {
        "regor": options.regor,
        "group": {"first": _first(product), "engines": _size(product, shape)},
        "tiles": {
            "count": len(product.tiles),
            "rows": _most(product, "rows"),
            "vectors": _most(product, "vectors"),
        },
        "elements": {
            "stationary": loaded,
            "streaming": streamed,
            "stationary_reloads": loaded
            / max(1, main.encoded[product.stationary == "b"].nonzeros().values.size),
        },
        "accumulator": {"rounds": rounds, "stalls": rounds - vectors},
        "occupancy": (expected.elements / max(1, shape.lanes * product.folds)).tolist(),
        "jobs": _others(design, shape, asked, found, golden_found),
        "simulation": {"cycles": found.simulated, "cpu_seconds": found.seconds},
    }
    overflowed = ~np.isfinite(sums) if format.is_float else expected.exact != expected.sums
    dense = all(isinstance(matrix, np.ndarray) for matrix in given)
    lowest, highest = (0.0, 0.0)
    if expected.exact.size:
        values = np.abs(expected.exact) if format.is_float else expected.exact
        lowest, highest = min(0, values.min()), max(0, values.max())
    result = conclude(
        design,
        *given,
        Conclusion(
            c=main.c(sums),
            **told(main.encoded, format, options, engine="flexdpu", arrays_dense=dense),
            cycles=found.cycles[0],
            lanes=lanes,
            mismatches=wrong,
            compared=max(given[0].shape[0] * given[1].shape[1], wrong),
            overflowed=main.places(overflowed),
            limit="FP32" if format.is_float else design.parameters["sum_format"],
            margin=sums_margin(format, bits, given[0].shape[1], (lowest, highest)),
            stationary=product.stationary,
            folds=product.folds,
            stationary_utilisation=(
                int(expected.elements.sum()) / (product.folds * lanes) if product.folds else None
            ),
            accumulated_by="hardware",
            report=report,
        ),
        time.monotonic() - started,
    )
    failed = [number for number, each in enumerate(report["jobs"]) if each["mismatches"]]
    if failed and result.failure is None:
        result.failure = f"job {failed[0]} of --jobs differs from golden"
    if result.failure is None:
        for each, total in zip(asked[1:], found.sums[1:], strict=True):
            if each.path:
                _save(Path(each.path), each.c(total))
    return result


def _save(path: Path, c: np.ndarray) -> None:
    """Write a product whole or not at all: sparse where the name ends with ``.npz``."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            if path.suffix == ".npz":
                scipy.sparse.save_npz(file, scipy.sparse.csr_array(c))
            else:
                np.save(file, c)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise RunError(f"cannot write {path}: {error.strerror}") from error


@dataclass
class _Simulated:
    """What came of all products.

    Attributes
    ----------
    sums : of each, [rows that are not empty, vectors]
    wrong : beats that are not what they should be
    cycles : by bucket
    simulated, seconds : of the simulator
    """

    sums: list[np.ndarray]
    wrong: list[int]
    cycles: list[Cycles]
    simulated: int = 0
    seconds: float = 0.0


def _simulated(
    design: Design, shape: Shape, products: Sequence[Product], options: Options, progress: Progress
) -> _Simulated:
    """Run all tiles; those of a product after one another, products beside one another."""
    is_float = not design.parameters["format"].startswith("int")
    kind = np.float32 if is_float else np.int64
    found = _Simulated(
        [np.zeros(product.shape, kind) for product in products],
        [0] * len(products),
        [Cycles() for _ in products],
    )
    simulator = Simulator(design.verilog, design.manifest)
    total, streamed = sum(product.beats for product in products), 0
    for piece in _pieces(products):
        jobs = [tile.job for _, tile in piece if tile.job is not None]
        beats = inputs(simulator, design.parameters, jobs, given_regor=options.regor == "given")
        outputs = simulator.run(
            beats, expect=result_beats(jobs, shape.banks), idle_limit=50_000, quiet_cycles=64
        )
        found.simulated += outputs.cycles
        found.seconds += outputs.seconds
        spans: dict[int, list[Returned]] = {}
        for (number, tile), one in zip(piece, returned(simulator, outputs, jobs), strict=True):
            found.sums[number][tile.rows, tile.vectors] = one.sums
            found.wrong[number] += one.wrong
            spans.setdefault(number, []).append(one)
        for slot in range(shape.slots):
            found.wrong[0] += int(outputs.ports[f"error_{slot}"])
        for number, ones in spans.items():
            accepted = np.concatenate([one.accepted for one in ones])
            if len(accepted):
                found.cycles[number].count(ones[0].first, accepted, max(one.last for one in ones))
        streamed += sum(job.plan.folds * job.plan.vectors.count for job in jobs)
        progress(streamed, total)
    return found


def _pieces(products: Sequence[Product]) -> list[list[tuple[int, Tile]]]:
    """Group tiles into runs of the simulator, in each of which products go on beside one another."""
    queues = [
        [(number, tile) for tile in product.tiles if tile.job] for number, product in enumerate(products)
    ]
    found: list[list[tuple[int, Tile]]] = []
    while any(queues):
        piece: list[tuple[int, Tile]] = []
        for queue in queues:
            beats = 0
            while queue and queue[0][1].job and (not beats or beats < _PIECE):
                job = queue[0][1].job
                beats += job.plan.folds * job.plan.vectors.count + 1
                piece.append(queue.pop(0))
        found.append(piece)
    return found


def _others(
    design: Design, shape: Shape, asked: Sequence[Asked], found: _Simulated, expected: Sequence[Found]
) -> list[dict[str, Any]]:
    """Return what the report says of the products of ``--jobs``."""
    said = []
    for number in range(1, len(asked)):
        one, cycles = asked[number], found.cycles[number]
        (m, k), n = one.given[0].shape, one.given[1].shape[1]
        rounds, vectors = expected[number].rounds
        said.append(
            {
                "shape": {"m": m, "k": k, "n": n},
                "stationary": one.product.stationary,
                "group": {"first": _first(one.product), "engines": _size(one.product, shape)},
                "folds": one.product.folds,
                "cycles": {
                    "loading": cycles.loading,
                    "streaming": cycles.streaming,
                    "add": cycles.add,
                    "total": cycles.total,
                },
                "accumulator": {"rounds": rounds, "stalls": rounds - vectors},
                "mismatches": _differ(found.sums[number], expected[number].sums) + found.wrong[number],
                "c": one.path,
            }
        )
    return said


def _differ(found: np.ndarray, expected: np.ndarray) -> int:
    if found.dtype == np.float32:
        return int(np.count_nonzero(found.view(np.uint32) != expected.astype(np.float32).view(np.uint32)))
    return int(np.count_nonzero(found != expected))


def _size(product: Product, shape: Shape) -> int:
    return product.jobs[0].size if product.jobs else shape.engines


def _first(product: Product) -> int:
    return product.jobs[0].first if product.jobs else 0


def _most(product: Product, name: str) -> int:
    return max((getattr(tile, name).stop - getattr(tile, name).start for tile in product.tiles), default=0)


def _sum_bits(design: Design) -> int:
    streams = {stream["name"]: stream for stream in design.manifest["streams"]}
    return next(entry["width"] for entry in streams["results_0"]["fields"] if entry["name"] == "values")
