"""Bench of the systolic array: every sum and overflow flag of every fold against golden, bit for bit."""

from typing import Any, NamedTuple

import cocotb
import numpy as np
from bench_kit import Beats, BenchKit, Fields
from bench_report import parameters

from dotforge_golden.formats import lookup
from dotforge_golden.systolic import Arithmetic, fold_sums

PARAMETERS = parameters()
ROWS, COLUMNS, FORMAT = PARAMETERS["rows"], PARAMETERS["columns"], PARAMETERS["format"]
#: Vectors that hide the load of the next fold: its rows, and the way of the swap through the array.
HIDING = ROWS + max(1, (ROWS - 1) * (PARAMETERS["adder_pipeline"] - 1) + COLUMNS - 1)


class Fold(NamedTuple):
    """Weights that stay, [rows, columns], and the vectors that meet them, [vectors, rows]."""

    weights: np.ndarray
    activations: np.ndarray


class Systolic(BenchKit):
    """Folds of random operands, corners among them; some of one vector, some of more than hide the next load."""

    items, items_before = 24, 12

    def __init__(self) -> None:
        super().__init__()
        fields = self.payloads["sums"].fields
        self.arithmetic = Arithmetic(FORMAT, fields["sum"]["width"], PARAMETERS["flush_subnormals"])
        self.may_overflow = "overflow" in fields

    @property
    def codes(self) -> np.ndarray:
        """Every operand that the format has."""
        if self.arithmetic.is_float:
            return np.arange(2 ** lookup(FORMAT.upper()).width)
        half = 2 ** (int(FORMAT[3:]) - 1)
        return np.arange(-half, half)

    def operands(self, rng: np.random.Generator, *shape: int) -> np.ndarray:
        """Return operands, in a quarter of the cases only corners."""
        corners = self.codes[[0, 1, -1]]
        if self.arithmetic.is_float:
            format = lookup(FORMAT.upper())
            corners = np.array([0, 1, format.nan, format.largest, 1 << format.mantissa_bits])
            corners = np.append(corners, corners | 1 << (format.width - 1))
        return rng.choice(corners if rng.random() < 0.25 else self.codes, shape)

    def fold(self, rng: np.random.Generator, vectors: int) -> Fold:
        """Return a fold of so many vectors."""
        return Fold(self.operands(rng, ROWS, COLUMNS), self.operands(rng, vectors, ROWS))

    def draw(self, rng: np.random.Generator, count: int) -> list[Fold]:
        """Return folds, every third one of a vector or two."""
        return [
            self.fold(rng, int(rng.integers(1, 3 if rng.random() < 0.3 else 2 * HIDING)))
            for _ in range(count)
        ]

    def steady(self, rng: np.random.Generator, beats: int) -> list[Fold]:
        """Return folds that hide each other's load; one fold where there is nothing to load it into."""
        each = HIDING if PARAMETERS["double_buffer"] else beats
        return [self.fold(rng, min(each, beats - begun)) for begun in range(0, beats, each)]

    def beats(self, items: list[Fold]) -> dict[str, Beats]:
        """Return the rows of weights and the vectors of all folds."""
        beats: dict[str, Beats] = {"weights": [], "activations": []}
        for weights, activations in items:
            beats["weights"] += [(self.payloads["weights"].pack(weight=row), False) for row in weights]
            beats["activations"] += [
                (self.payloads["activations"].pack(activation=vector), number == len(activations))
                for number, vector in enumerate(activations, 1)
            ]
        return beats

    def expected(self, item: Fold) -> list[Fields]:
        """Return golden's sums of each vector."""
        found = fold_sums(item.activations, item.weights, self.arithmetic)
        flags = [{"overflow": row} for row in found.overflows.astype(int).tolist()]
        last = len(item.activations) - 1
        return [
            {"sum": row, "tlast": number == last, **(flags[number] if self.may_overflow else {})}
            for number, row in enumerate(found.sums.tolist())
        ]

    def useful(self, item: Fold) -> int:
        """Return the products of two operands that are not zero."""
        zeros = [0, 1 << (lookup(FORMAT.upper()).width - 1)] if self.arithmetic.is_float else [0]
        counts = [np.count_nonzero(~np.isin(item.activations, zeros), axis=0)]
        counts.append(np.count_nonzero(~np.isin(item.weights, zeros), axis=1))
        return int(counts[0] @ counts[1])


KIT = Systolic()
random_folds = KIT.pauses("random_folds")
one_vector_a_cycle = KIT.interval_and_latency("one_vector_a_cycle", beats=3 * HIDING + 5)
reset_in_the_middle = KIT.reset_in_the_middle()


@cocotb.test()
async def every_pair_of_operands(dut: Any) -> None:
    """All pairs of weight and activation; of many, weights of every kind and 2,048 vectors."""
    rng = KIT.rng()
    weights = rng.permutation(
        np.resize(KIT.codes, max(1, -(-len(KIT.codes) // (ROWS * COLUMNS))) * ROWS * COLUMNS)
    )
    folds = weights.reshape(-1, ROWS, COLUMNS)
    folds = folds[: max(1, 2048 // len(KIT.codes))]
    codes = KIT.codes if len(KIT.codes) <= 2048 else rng.choice(KIT.codes, 2048, replace=False)
    await KIT.run(
        dut, [Fold(fold, np.repeat(rng.permutation(codes)[:, None], ROWS, axis=1)) for fold in folds]
    )


if KIT.may_overflow:

    @cocotb.test()
    async def overflow_is_flagged(dut: Any) -> None:
        """Sums beyond the range wrap and set the flag, also where rows bring them back; the next sum starts anew."""
        low, high = int(KIT.codes[0]), int(KIT.codes[-1])
        signs = np.resize([1, -1], ROWS)
        there_and_back = np.where(np.arange(ROWS) < -(-ROWS // 2), low, high)
        vectors = np.array(
            [np.full(ROWS, low), np.zeros(ROWS, int), np.where(signs > 0, low, high), there_and_back]
        )
        found = await KIT.run(dut, [Fold(np.full((ROWS, COLUMNS), low), np.tile(vectors, (3, 1)))])
        flags = np.array([beat["overflow"] for beat in found]).reshape(len(found), COLUMNS)
        assert flags[0::4].all(), "nothing overflowed"
        assert not flags[1::4].any(), "a flag outlived its sum"
