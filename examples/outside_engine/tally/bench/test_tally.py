"""The bench: sums against NumPy."""

import numpy as np
from bench_kit import Beats, BenchKit, Fields


class TallyKit(BenchKit):
    """Sums of one value to ten."""

    paced = "values"
    counted = "values"
    items = 20
    rounds = 2

    def draw(self, rng: np.random.Generator, count: int) -> list[np.ndarray]:
        """Return values of any size."""
        half = 2 ** (self.parameters["bits"] - 1)
        return [rng.integers(-half, half, int(rng.integers(1, 11))) for _ in range(count)]

    def steady(self, rng: np.random.Generator, beats: int) -> list[np.ndarray]:
        """Return sums of one value."""
        return [values[:1] for values in self.draw(rng, beats)]

    def beats(self, items: list[np.ndarray]) -> dict[str, Beats]:
        """Return a beat a value."""
        pack = self.payloads["values"].pack
        return {
            "values": [
                (pack(value=int(value)), number == len(item) - 1)
                for item in items
                for number, value in enumerate(item)
            ]
        }

    def expected(self, item: np.ndarray) -> list[Fields]:
        """Return the sum."""
        return [{"sum": int(item.sum())}]

    def useful(self, item: np.ndarray) -> int:
        """Return the number of values."""
        return len(item)


KIT = TallyKit()
random_sums = KIT.pauses("random_sums")
one_beat_a_cycle = KIT.interval_and_latency()
reset_in_the_middle = KIT.reset_in_the_middle()
