"""Clock cycles of a product, by what they are spent on."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Cycles"]


@dataclass
class Cycles:
    """Clock cycles from the first accepted beat to the last result, each in one bucket.

    Attributes
    ----------
    streaming : a streaming beat was accepted
    add : otherwise, and only results were outstanding
    loading : all others
    """

    loading: int = 0
    streaming: int = 0
    add: int = 0

    @property
    def total(self) -> int:
        """Their sum."""
        return self.loading + self.streaming + self.add

    def count(self, first: int, streamed: np.ndarray, end: int) -> None:
        """Add a run: ``first`` accepted beat of any stream, cycles of the ``streamed`` beats, last result.

        Parameters
        ----------
        end : cycle of the last result
        """
        total = end - first + 1
        streaming = len(np.unique(streamed))
        add = end - int(streamed.max())
        self.streaming += streaming
        self.add += add
        self.loading += total - streaming - add
