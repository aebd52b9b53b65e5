"""What of a Flex-DPU's parameters decides how a product is cut into jobs."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Shape"]


@dataclass(frozen=True)
class Shape:
    """What of an engine's parameters matters to tiles.

    Attributes
    ----------
    engines, lanes, window, bandwidth : Flex-DPEs, their lanes, positions, stationary values a beat
    banks, depth : of an accumulator, and words of a bank
    most_rows, most_vectors : of a job
    slots : jobs at a time
    """

    engines: int
    lanes: int
    window: int
    bandwidth: int
    banks: int
    depth: int
    most_rows: int
    most_vectors: int
    slots: int

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> "Shape":
        """Return it from parameters."""
        lanes, engines = parameters["lanes"], parameters["engines"]
        banks = parameters["accumulator_banks"] or min(lanes, 1 << parameters["row_bits"])
        words = parameters["accumulator_words"] or 256 * banks
        return cls(
            engines,
            lanes,
            parameters["window"] or lanes,
            parameters["stationary_bandwidth"],
            banks,
            words // banks,
            1 << parameters["row_bits"],
            1 << parameters["index_bits"],
            parameters["groups"] or min(2, engines),
        )

    def tile(self, rows: int, vectors: int) -> tuple[int, int]:
        """Return rows and vectors of a tile of a product.

        All vectors, if that leaves room for eight blocks of rows or for all there are; fewer vectors otherwise, for
        folds of few rows are badly filled, but twice as many as a group has lanes, for a fold that takes fewer cycles
        than the next one's positions waits for them.

        Parameters
        ----------
        rows, vectors : of the product
        """
        blocks = min(-(-rows // self.banks), self.most_rows // self.banks, 8, self.depth)
        room = max(self.depth // blocks, min(self.depth, 2 * self.engines * self.lanes))
        some = min(vectors, room, self.most_vectors)
        blocks = min(self.depth // some, self.most_rows // self.banks)
        return min(rows, blocks * self.banks), some
