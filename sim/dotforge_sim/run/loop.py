"""The loop that runs a product on an engine of dot products: beats in, sums out, compared, and reported.

To add a runner for an engine NAME, write a module ``dotforge_sim/run/NAME.py`` with

- ``EXAMPLE``: the arguments of an example for the command line's help;
- ``Options``: a frozen keyword-only dataclass, below :class:`~dotforge_sim.run.options.RunOptions`. A field is an
  option of the command line; its ``metadata`` hold ``help``, and ``choices`` or ``type``;
- ``prepare(design, a, b, options) -> Job``: quantises the operands, and says how to stream them, what golden gives and
  what the sums are worth; with ``runner(…, takes_stored=True)`` a and b may also be
  :class:`~dotforge_sim.run.tensors.stored.Stored`, quantised already;
- ``finish(job, found) -> Finish``: says which outputs overflowed, how near the sums came to it, and what else the
  report holds;
- ``run = runner(prepare, finish)``.

The loop cuts a product into pieces of whole columns, streams each through the RTL after a reset, counts cycles,
compares every output with golden, reports progress, and has the report written as all are (errors, warnings,
overflows; see :mod:`dotforge_sim.run.conclusion`). It fits engines in which a dot product of a row of A and a
column of B is a number of beats and gives one beat of stream ``sums``, in order. An engine whose streams are
not such has a ``run`` of its own with the same parameters, and ends it with
:func:`dotforge_sim.run.conclusion.conclude`.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..models.cycles import Cycles
from ..simulator.streams import Beats, Simulator
from .conclusion import Conclusion, conclude
from .gemm import Design, Progress, RunError, RunResult
from .operands import Stored, checked_operands, dense, values
from .quality import Taken

__all__ = ["Finish", "Found", "Job", "Run", "runner"]

#: Beats in one run of the simulator; longer products are run in pieces.
_PIECE = 2_000_000

#: Field of the stream ``sums`` → what it gives, (M, N).
Fields = dict[str, np.ndarray]


class Run(Protocol):
    """What multiplies on the RTL of an engine."""

    def __call__(self, design: Design, a: Any, b: Any, options: Any, progress: Progress) -> RunResult:
        """Multiply.

        Parameters
        ----------
        design : a generated engine
        a, b : M×K and K×N, finite: arrays of any real type, or sparse matrices
        options : ``Options`` of the engine's module
        progress : told about streamed beats

        Raises
        ------
        RunError
            Shapes, types, values or options that the configuration does not take.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Job:
    """A product that is ready for the RTL.

    Attributes
    ----------
    shape : M and N
    beats : beats of a dot product
    streams : given the simulator and a range of columns, the beats of all inputs for the dot products of these columns:
        column by column, within a column row by row
    golden : field of the stream ``sums`` → what it must give, (M, N); all of these are compared, bit for bit
    decode : C, float64, of the fields
    taken : A and B as the engine takes them
    lanes : multipliers, for the efficiencies
    stationary, folds : for the report, see :func:`dotforge_sim.run.gemm.statistics`
    streamed : the input stream whose beats count as streaming
    own : what ``finish`` needs
    """

    shape: tuple[int, int]
    beats: int
    streams: Callable[[Simulator, range], dict[str, Beats]]
    golden: Fields
    decode: Callable[[Fields], np.ndarray]
    taken: tuple[Taken, Taken]
    lanes: int
    streamed: str = "activations"
    stationary: str | None = None
    folds: int | None = None
    own: Any = None


@dataclass(frozen=True)
class Found:
    """What came out of the RTL.

    Attributes
    ----------
    fields : of stream ``sums``, (M, N) each
    c : decoded
    a, b : operands as they were given, float64
    """

    fields: Fields
    c: np.ndarray
    a: np.ndarray
    b: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What an engine says of a product.

    Attributes
    ----------
    overflowed : outputs that overflowed, (M, N)
    limit : what they overflowed, as in "20 bits"
    remedy : what helps, as in "more sum_bits"
    margin : how near the sums came to that
    quantization : fields of the report's ``quantization``, besides those of the operands and the product
    report : further fields of the report
    arrays : what ``--save-quantized`` writes
    """

    overflowed: np.ndarray
    limit: str
    remedy: str
    margin: dict[str, Any]
    quantization: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def runner(
    prepare: Callable[[Design, Any, Any, Any], Job],
    finish: Callable[[Job, Found], Finish],
    *,
    takes_stored: bool = False,
) -> Run:
    """Return what multiplies on an engine; see the module.

    Parameters
    ----------
    prepare : makes a :class:`Job` of operands and options
    finish : says what came out
    takes_stored : whether ``prepare`` takes operands that are quantised already; they are refused otherwise
    """

    def run(design: Design, a: Any, b: Any, options: Any, progress: Progress) -> RunResult:
        started = time.monotonic()
        given = checked_operands(a, b)
        engine = design.manifest["engine"]
        for each, name in zip(given, "AB", strict=True):
            if isinstance(each, Stored) and not takes_stored:
                raise RunError(f"{name} is quantised already ({each.format}), which {engine} does not take")
        first, second = (dense(values(each), name, engine) for each, name in zip(given, "AB", strict=True))
        own = [
            each if isinstance(each, Stored) else made
            for each, made in zip(given, (first, second), strict=True)
        ]
        # What leaves the range of a number shows in the number, and is reported from there.
        with np.errstate(all="ignore"):
            job = prepare(design, own[0], own[1], options)
            fields, cycles = _streamed(design, job, progress)
            c = job.decode(fields)
            wrong = np.zeros(job.shape, bool)
            for name, wanted in job.golden.items():
                wrong |= fields[name] != wanted
            said = finish(job, Found(fields, c, first, second))
            return conclude(
                design,
                first,
                second,
                Conclusion(
                    c=c,
                    taken=job.taken,
                    taken_values=(job.taken[0].values, job.taken[1].values),
                    given_values=(first, second),
                    cycles=cycles,
                    lanes=job.lanes,
                    mismatches=int(np.count_nonzero(wrong)),
                    compared=wrong.size,
                    overflowed=np.argwhere(said.overflowed),
                    limit=said.limit,
                    remedy=said.remedy,
                    allow_overflow=getattr(options, "allow_overflow", False),
                    margin=said.margin,
                    stationary=job.stationary,
                    folds=job.folds,
                    accumulated_by="hardware",
                    quantization=said.quantization,
                    report=said.report,
                    arrays=said.arrays,
                ),
                time.monotonic() - started,
            )

    return run


def _streamed(design: Design, job: Job, progress: Progress) -> tuple[Fields, Cycles]:
    """Stream all pieces; return the fields of the sums and the cycles."""
    simulator = Simulator(design.verilog, design.manifest)
    (rows, columns), cycles = job.shape, Cycles()
    fields: Fields = {}
    for piece in _pieces(columns, rows * job.beats):
        outputs = simulator.run(job.streams(simulator, piece), expect={"sums": rows * len(piece)})
        received = outputs["sums"]
        for name, found in simulator.unpack("sums", received.data).items():
            whole = fields.setdefault(name, np.empty(job.shape, found.dtype))
            whole[:, piece] = found.reshape(len(piece), rows).T
        first = min(int(stamps[0]) for stamps in outputs.accepted.values() if len(stamps))
        cycles.count(first, outputs.accepted[job.streamed], int(received.cycles[-1]))
        progress(rows * job.beats * piece.stop, rows * job.beats * columns)
    return fields, cycles


def _pieces(columns: int, beats_per_column: int) -> Iterator[range]:
    size = max(1, _PIECE // beats_per_column)
    for start in range(0, columns, size):
        yield range(start, min(start + size, columns))
