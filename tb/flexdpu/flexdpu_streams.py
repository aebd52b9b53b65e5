"""Beats of the Flex-DPU's streams from matrices, and what golden says of the results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from axi_stream import Payload

from dotforge_golden import flexdpe as parts
from dotforge_golden import flexdpu as golden

Beats = list[tuple[int, bool]]


@dataclass
class Job:
    """A product on some Flex-DPEs: windows of rows, and all vectors past each fold.

    Attributes
    ----------
    stationary, streaming : rows × K, vectors × K
    parameters : of the engine
    sum_bits : of the accumulator
    slot, first, size, tag : where it runs
    given_regor : REGOR is one word a window
    folds : of each window
    """

    stationary: np.ndarray
    streaming: np.ndarray
    parameters: dict[str, Any]
    sum_bits: int
    slot: int
    first: int
    size: int
    tag: int
    given_regor: bool = False
    folds: list[list[parts.Fold]] = field(default_factory=list)

    def __post_init__(self) -> None:
        parameters = self.parameters
        self.lanes = parameters["lanes"]
        self.window = parameters["window"] or self.lanes
        self.banks = parameters["accumulator_banks"] or min(self.lanes, 1 << parameters["row_bits"])
        self.arithmetic = parts.Arithmetic(parameters["format"], parameters["flush_subnormals"])
        missing = -self.stationary.shape[1] % self.window
        self.rows = np.pad(self.stationary, ((0, 0), (0, missing)))
        self.vectors = np.pad(self.streaming, ((0, 0), (0, missing)))
        self.row_bits = self.arithmetic.nonzero(self.rows)
        self.vector_bits = self.arithmetic.nonzero(self.vectors)
        self.windows = parts.windows(self.rows.shape[1], self.window)
        for part in self.windows:
            mask = parts.regor(self.vector_bits[:, part])
            useful = parts.useful_stationary(self.row_bits[:, part], mask)
            self.folds.append(parts.pack(useful, self.lanes * self.size))

    @property
    def useful_macs(self) -> int:
        """Return the products of two nonzero operands."""
        return int(np.sum(self.row_bits.sum(axis=0, dtype=np.int64) * self.vector_bits.sum(axis=0)))

    def beats(self, payloads: Mapping[str, Payload]) -> dict[str, Beats]:
        """Return the beats of all streams of the slot."""
        slot = self.slot
        head = payloads[f"jobs_{slot}"].pack(
            first=self.first,
            size=self.size,
            rows=len(self.rows),
            vectors=len(self.vectors),
            windows=len(self.windows),
            tag=self.tag,
        )
        found: dict[str, Beats] = {f"jobs_{slot}": [(head, False)]}
        for name in ("bitmaps", "rows", "stationary", "vectors"):
            found[f"{name}_{slot}"] = []
        for part, folds in zip(self.windows, self.folds, strict=True):
            bits = self.vector_bits[:, part]
            regor = parts.regor(bits)[np.newaxis] if self.given_regor else bits
            found[f"bitmaps_{slot}"] += _beats(
                [payloads[f"bitmaps_{slot}"].pack(bitmap=row.astype(int).tolist()) for row in regor]
            )
            found[f"rows_{slot}"] += _beats(
                [
                    payloads[f"rows_{slot}"].pack(row=row, bitmap=own.astype(int).tolist())
                    for row, own in enumerate(self.row_bits[:, part])
                ]
            )
            found[f"stationary_{slot}"] += self._values(payloads[f"stationary_{slot}"], part)
            found[f"vectors_{slot}"] += self._vectors(payloads[f"vectors_{slot}"], part) * len(folds)
        return found

    def _values(self, payload: Payload, part: slice) -> Beats:
        width = self.parameters["stationary_bandwidth"]
        values = [int(v) for v in self.rows[:, part][self.row_bits[:, part]]]
        words = []
        for first in range(0, max(1, len(values)), width):
            own = values[first : first + width]
            words.append(payload.pack(values=own + [0] * (width - len(own)), count=len(own)))
        return _beats(words)

    def _vectors(self, payload: Payload, part: slice) -> Beats:
        words = []
        for values, bits in zip(self.vectors[:, part], self.vector_bits[:, part], strict=True):
            packed = [int(v) for v in values[bits]]
            packed += [0] * (self.window - len(packed))
            words.append(payload.pack(values=packed, bitmap=bits.astype(int).tolist()))
        return _beats(words)

    def expected(self) -> list[dict[str, int | Sequence[int]]]:
        """Return every beat of the results."""
        sums = golden.product(
            self.rows,
            self.vectors,
            lanes=self.lanes,
            window=self.window,
            engines=self.size,
            arithmetic=self.arithmetic,
            accumulator_bits=self.sum_bits,
        )
        codes = sums.view(np.uint32) if sums.dtype == np.float32 else sums
        rows, vectors = codes.shape
        blocks = -(-rows // self.banks)
        codes = np.pad(codes, ((0, blocks * self.banks - rows), (0, 0)))
        return [
            {
                "values": [int(v) for v in codes[block * self.banks : (block + 1) * self.banks, vector]],
                "valid": [int(block * self.banks + bank < rows) for bank in range(self.banks)],
                "vector": vector,
                "block": block,
                "tag": self.tag,
                "tlast": int(block == blocks - 1 and vector == vectors - 1),
            }
            for block in range(blocks)
            for vector in range(vectors)
        ]


def _beats(words: list[int]) -> Beats:
    return [(word, index == len(words) - 1) for index, word in enumerate(words)]
