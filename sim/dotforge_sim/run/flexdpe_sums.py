"""Sums of the Flex-DPE, added up over windows and folds: those of the RTL, and those of golden."""

import numpy as np

from dotforge_golden import flexdpe as golden

from ..models.cycles import Cycles
from ..models.flexdpe_plan import Plan
from ..simulator.streams import Outputs, Simulator

__all__ = ["Sums", "Wanted"]

#: Vectors that are worked at a time.
_CHUNK = 1 << 16


class _Total:
    """Sums of all rows that are not empty with all vectors, [rows, vectors]."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        shape = plan.rows.count, plan.vectors.count
        self.total = np.zeros(shape, np.float32 if plan.arithmetic.is_float else np.int64)
        self.begun = np.zeros(shape[0], bool)

    def add(self, row: int, values: np.ndarray, vectors: slice) -> None:
        """Add a fold's sums of a row; the first ones begin it."""
        if self.begun[row]:
            values = self.plan.arithmetic.accumulate(self.total[row, vectors], values)
        self.total[row, vectors] = values


class Wanted(_Total):
    """What golden gives.

    Attributes
    ----------
    elements : that occupied lanes
    extremes : smallest and largest integer sum of a fold, 0 included
    peak : largest magnitude of a floating-point sum
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.elements, self.extremes, self.peak = 0, (0, 0), 0.0

    def take(self, window: int) -> list[golden.Fold]:
        """Add a window's sums and return its folds."""
        plan, part = self.plan, self.plan.part(window)
        if not part.folds:
            return []
        chunks = [
            range(at, min(at + _CHUNK, plan.vectors.count)) for at in range(0, plan.vectors.count, _CHUNK)
        ]
        alone = plan.vector_part(window, chunks[0]) if len(chunks) == 1 else None
        for fold in part.folds:
            self.elements += int(fold.occupied.sum())
            ends = np.flatnonzero(fold.ends)
            for chunk in chunks:
                bits, values = alone or plan.vector_part(window, chunk)
                found = golden.step(fold, part.row_values, values, bits, plan.arithmetic)
                own = slice(chunk.start, chunk.stop)
                for lane in ends:
                    self.add(int(part.rows[fold.rows[lane]]), found.sums[:, lane], own)
                if plan.arithmetic.is_float:
                    sums = np.abs(self.total[part.rows[fold.rows[ends]], own])
                    self.peak = max(self.peak, float(np.fmax.reduce(sums, axis=None, initial=0)))
                elif len(ends):
                    exact = found.exact[:, ends]
                    self.extremes = (
                        min(self.extremes[0], int(exact.min())),
                        max(self.extremes[1], int(exact.max())),
                    )
            self.begun[part.rows[fold.rows[ends]]] = True
        return part.folds


class Sums(_Total):
    """What the RTL gives.

    Parameters
    ----------
    plan : of the product
    indices : number of values of an index, after which it begins again

    Attributes
    ----------
    cycles : of all runs
    overflowed : sums of which a fold's part overflowed, [rows, vectors]
    folds, windows, mismatches : what came, and what should not be as it is
    simulated, seconds : of the simulator: cycles, and CPU time
    """

    def __init__(self, plan: Plan, indices: int) -> None:
        super().__init__(plan)
        self.indices = indices
        self.cycles = Cycles()
        self.overflowed = np.zeros(self.total.shape, bool)
        self.folds = self.mismatches = self.simulated = 0
        self.windows = int(np.count_nonzero(plan.fold_counts))
        self.seconds = 0.0

    def take(self, outputs: Outputs, simulator: Simulator, folds: int) -> None:
        """Add the sums of a run, fold by fold.

        Every slot gives a sum a vector, in the order of the vectors, so the n-th is the n-th vector's; the
        index that comes with it must say so.

        Parameters
        ----------
        outputs : beats of the run
        simulator : of the engine
        folds : how many are expected
        """
        received = outputs["sums"]
        ends = np.flatnonzero(received.last)
        for first, last in zip([0, *(ends[:-1] + 1)], ends, strict=True):
            self._fold(simulator.unpack("sums", received.data[first : last + 1]))
        self.mismatches += abs(len(ends) - folds)
        self.mismatches += int(outputs.ports["error"])
        self.folds += len(ends)
        self.simulated += outputs.cycles
        self.seconds += outputs.seconds
        first = min(int(cycles[0]) for cycles in outputs.accepted.values() if len(cycles))
        if len(received.cycles) and len(outputs.accepted["vectors"]):
            self.cycles.count(first, outputs.accepted["vectors"], int(received.cycles[-1]))

    def _fold(self, fields: dict[str, np.ndarray]) -> None:
        count = self.plan.vectors.count
        expected = np.arange(count) % self.indices
        valid = fields["valid"] != 0
        begun = []
        for lane in np.flatnonzero(valid.any(axis=0)):
            chosen = valid[:, lane]
            row, index = int(fields["row"][chosen, lane][0]), fields["index"][chosen, lane]
            values = fields["value"][chosen, lane]
            if len(values) != count or (index != expected).any() or row >= len(self.total):
                self.mismatches += 1
                continue
            if self.plan.arithmetic.is_float:
                values = values.astype(np.uint32).view(np.float32)
            self.add(row, values, slice(0, count))
            begun.append(row)
            if "overflow" in fields:
                self.overflowed[row] |= fields["overflow"][chosen, lane] != 0
        self.begun[begun] = True
