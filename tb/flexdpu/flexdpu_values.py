"""The Flex-DPU under test: its size, and values that fit it."""

import numpy as np
from bench_report import manifest

from dotforge_golden.formats import lookup

__all__ = [
    "BANKS", "DEPTH", "ENGINES", "FLOATING", "LANES", "MANIFEST", "PARAMETERS", "SLOTS", "SUM_BITS", "WINDOW", "dense",
    "fitting", "numbers", "random_values",
]  # fmt: skip

MANIFEST = manifest()
PARAMETERS = MANIFEST["parameters"]
SUM_BITS = next(
    field["width"]
    for stream in MANIFEST["streams"]
    for field in stream["fields"]
    if (stream["name"], field["name"]) == ("results_0", "values")
)
ENGINES, LANES = PARAMETERS["engines"], PARAMETERS["lanes"]
WINDOW = PARAMETERS["window"] or LANES
SLOTS = sum(stream["name"].startswith("jobs_") for stream in MANIFEST["streams"])
BANKS = PARAMETERS["accumulator_banks"] or min(LANES, 1 << PARAMETERS["row_bits"])
DEPTH = (PARAMETERS["accumulator_words"] or 256 * BANKS) // BANKS


FLOATING = not PARAMETERS["format"].startswith("int")


def fitting(rows: int, vectors: int) -> tuple[int, int]:
    """Return as many rows and vectors, of so many, as a job can have; two vectors at least."""
    vectors = min(vectors, DEPTH, 1 << PARAMETERS["index_bits"])
    return min(rows, 1 << PARAMETERS["row_bits"], DEPTH // vectors * BANKS), vectors


def numbers(rng: np.random.Generator, shape: tuple[int, int], binades: int) -> np.ndarray:
    """Integers of the whole range, or encodings of numbers within so many binades of one."""
    name = PARAMETERS["format"]
    if not FLOATING:
        half = 1 << int(name[3:]) - 1
        return rng.integers(-half, half, shape)
    factors = 2.0 ** rng.integers(-binades, binades + 1, shape)
    return lookup(name.upper()).encode(rng.normal(size=shape) * factors)


def random_values(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """As :func:`numbers`, and of floating point now and then any encoding."""
    near = numbers(rng, shape, 4)
    if not FLOATING:
        return near
    format = lookup(PARAMETERS["format"].upper())
    anything = rng.integers(0, 1 << format.width, shape).astype(near.dtype)
    return np.where(rng.random(shape) < 0.02, anything, near)


def dense(rng: np.random.Generator, rows: int, vectors: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and vectors of one window without zeros, as many of so many as fit."""
    first, second = (random_values(rng, (count, WINDOW)) for count in fitting(rows, vectors))
    return np.where(first == 0, 1, first), np.where(second == 0, 1, second)
