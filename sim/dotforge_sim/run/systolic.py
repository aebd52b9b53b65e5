"""Runs matrix products through the RTL of the systolic array: C = A @ B, one operand stationary.

With B stationary, its K × N parts are the weights and A's rows the vectors; with A stationary, C transposed is
Bᵀ @ Aᵀ: A's rows are the columns of weights and B's columns the vectors. Parts are loaded fold by fold, those of the
same outputs with rising k, and all vectors are streamed past each. What a fold does not fill is zero. Sums of an output
over folds are added here, in that order: integers exactly, floating point in FP32, rounded at every addition.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden import systolic as golden

from ..models.cycles import Cycles
from ..models.systolic import exact, pieces
from ..simulator.streams import Simulator
from .conclusion import Conclusion, conclude
from .encoded import Encoded, EncodingOptions, encode_both, told
from .gemm import Design, Progress, RunResult
from .operands import Stored, checked_operands, dense, values
from .word_format import Format, in_units, sums_margin

__all__ = ["EXAMPLE", "STORES_NONZEROS", "Options", "product_of", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npy --stationary auto -o product.npy --json report.json"

#: Whether operands come without their zeros.
STORES_NONZEROS = False


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


def run(design: Design, a: Any, b: Any, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``systolic``
    a, b : M×K and K×N, of values that the format holds, or any that are then rounded
    options : see :class:`Options`
    progress : told about streamed vectors

    Returns
    -------
    C as int64, exactly A @ B where nothing overflowed, or as float32, bit for bit what golden gives, which every run
    checks; float64 with ``quantize="scaled"``.

    Raises
    ------
    RunError
        Shapes, types or values that the configuration does not take.
    """
    started = time.monotonic()
    parameters, format = design.parameters, Format(design.parameters["format"])
    operands = checked_operands(a, b)
    given = values(operands[0]), values(operands[1])
    first, second = (dense(each, name, "systolic") for each, name in zip(given, "AB", strict=True))
    shape = (first.shape[0], *second.shape)
    sums = next(stream for stream in design.manifest["streams"] if stream["name"] == "sums")["fields"][0]
    # What leaves the range of a number shows in it, and is reported from there.
    with np.errstate(all="ignore"):
        own = [
            each if isinstance(each, Stored) else made
            for each, made in zip(operands, (first, second), strict=True)
        ]
        encoded = encode_both(own, format, options, "systolic")
        codes = [each.given.with_values(each.codes).dense() for each in encoded]
        stationary = _stationary(parameters, codes, options)
        vectors, weights = codes if stationary == "b" else (codes[1].T, codes[0].T)
        arithmetic = golden.Arithmetic(format.name, sums["width"], parameters["flush_subnormals"])
        total, flags, misplaced, cycles = _streamed(design, vectors, weights, arithmetic, progress)
        size = {"rows": parameters["rows"], "columns": parameters["columns"]}
        wanted = golden.product(vectors, weights, **size, arithmetic=arithmetic)
        wrong = (total != wanted.sums) | (flags != wanted.overflows)
        c = total.view(np.float32) if format.is_float else total
        flags = flags | ~np.isfinite(c)
        c, flags = (c, flags) if stationary == "b" else (c.T, flags.T)
        units = [each.units for each in encoded]
        if units[0] is not None and units[1] is not None:
            c = in_units(c, units[0][:, None], units[1])
        held = len(encoded["ab".index(stationary)].nonzeros().values)
        folds = len(golden.folds(weights.shape[0], weights.shape[1], **size))
        lanes = parameters["rows"] * parameters["columns"]
        return conclude(
            design,
            *given,
            Conclusion(
                c=c,
                **told(encoded, format, options, engine="systolic", arrays_dense=True),
                cycles=cycles,
                lanes=lanes,
                mismatches=int(np.count_nonzero(wrong)) + misplaced,
                compared=wrong.size,
                overflowed=np.argwhere(flags),
                limit=sums["format"].upper(),
                margin=sums_margin(
                    format,
                    sums["width"],
                    min(parameters["rows"], shape[1]),
                    (wanted.lowest, wanted.highest),
                ),
                stationary=stationary,
                folds=folds,
                stationary_utilisation=held / (folds * lanes),
                accumulated_by="harness",
            ),
            time.monotonic() - started,
        )


def product_of(
    design: Design, operands: list[Any], options: Options
) -> tuple[list[Encoded], str, np.ndarray, np.ndarray]:
    """Return what golden gives, without running the RTL.

    Parameters
    ----------
    design : a generated ``systolic``
    operands : A and B, with their zeros or quantised already
    options : see :class:`Options`

    Returns
    -------
    A and B as words, the operand that stays, C, and which sums overflowed, (M, N).

    Raises
    ------
    RunError
        Values that the configuration does not take.
    """
    parameters, format = design.parameters, Format(design.parameters["format"])
    sums = next(stream for stream in design.manifest["streams"] if stream["name"] == "sums")["fields"][0]
    encoded = encode_both(operands, format, options, "systolic")
    codes = [each.given.with_values(each.codes).dense() for each in encoded]
    stationary = _stationary(parameters, codes, options)
    vectors, weights = codes if stationary == "b" else (codes[1].T, codes[0].T)
    wanted = golden.product(
        vectors,
        weights,
        rows=parameters["rows"],
        columns=parameters["columns"],
        arithmetic=golden.Arithmetic(format.name, sums["width"], parameters["flush_subnormals"]),
    )
    c = wanted.sums.view(np.float32) if format.is_float else wanted.sums
    flags = wanted.overflows
    c, flags = (c, flags) if stationary == "b" else (c.T, flags.T)
    units = [each.units for each in encoded]
    if units[0] is not None and units[1] is not None:
        c = in_units(c, units[0][:, None], units[1])
    return encoded, stationary, c, flags


def _stationary(parameters: dict[str, Any], codes: list[np.ndarray], options: Options) -> str:
    """Return the operand that stays: the one that was asked for, or the one that takes fewer cycles."""
    if options.stationary != "auto":
        return options.stationary
    shape = (codes[0].shape[0], *codes[1].shape)
    return min("ba", key=lambda side: exact(parameters, shape, side)[0].total)


def _streamed(
    design: Design,
    vectors: np.ndarray,
    weights: np.ndarray,
    arithmetic: golden.Arithmetic,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray, int, Cycles]:
    """Stream all folds; return sums, which of them overflowed, how often ``tlast`` was not at a fold's end, cycles."""
    rows, columns = design.parameters["rows"], design.parameters["columns"]
    (k, n), m = weights.shape, len(vectors)
    simulator = Simulator(design.verilog, design.manifest)
    weights = np.pad(weights, ((0, -k % rows), (0, -n % columns)))
    vectors = np.pad(vectors, ((0, 0), (0, -k % rows)))
    total = np.zeros((m, n), np.uint32 if arithmetic.is_float else np.int64)
    overflows, misplaced, cycles = np.zeros((m, n), bool), 0, Cycles()
    folds = golden.folds(k, n, rows, columns)
    for piece in pieces(design.parameters, (m, k, n)):
        own = [folds[number] for number in piece]
        tops, lefts = ([part.start for part in each] for each in zip(*own, strict=True))
        stays = [weights[t : t + rows, left : left + columns] for t, left in zip(tops, lefts, strict=True)]
        streams = [vectors[:, t : t + rows] for t in tops]
        ends = np.tile(np.arange(m) == m - 1, len(own))
        outputs = simulator.run(
            {
                "weights": simulator.pack("weights", None, weight=_lanes(np.concatenate(stays))),
                "activations": simulator.pack(
                    "activations", ends, activation=_lanes(np.concatenate(streams))
                ),
            },
            expect={"sums": len(ends)},
            quiet_cycles=design.manifest["latency"] + 64,
        )
        received = outputs["sums"]
        fields = simulator.unpack("sums", received.data)
        misplaced += int(np.count_nonzero(received.last != ends))
        for number, fold in enumerate(own):
            beats = slice(number * m, (number + 1) * m)
            width = fold.n.stop - fold.n.start
            sums = fields["sum"].reshape(len(ends), -1)[beats, :width].astype(total.dtype)
            total[:, fold.n] = arithmetic.add(total[:, fold.n], sums) if fold.k.start else sums
            if "overflow" in fields:
                overflows[:, fold.n] |= fields["overflow"].reshape(len(ends), -1)[beats, :width] != 0
        first = min(int(stamps[0]) for stamps in outputs.accepted.values())
        cycles.count(first, outputs.accepted["activations"], int(received.cycles[-1]))
        progress(piece.stop * m, len(folds) * m)
    return total, overflows, misplaced, cycles


def _lanes(values: np.ndarray) -> np.ndarray:
    """Return lanes as a payload takes them: a field of one lane has one dimension."""
    return values[:, 0] if values.shape[1] == 1 else values
