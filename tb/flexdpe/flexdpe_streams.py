"""Beats of the Flex-DPE's streams from matrices, and sums back from beats."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from axi_stream import Beat, Payload

from dotforge_golden import flexdpe as golden
from dotforge_golden import route

#: Up to this many lanes ``distribution=auto`` is a crossbar.
CROSSBAR_LANES = 4

Beats = list[tuple[int, bool]]


@dataclass
class Job:
    """A product of matrices as the engine takes it: windows of rows, and all vectors past each fold.

    ``row_ids`` are those of the rows, 0, 1, … where none are given; with ``rng`` beats of stationary values hold any
    number of them, none too.
    """

    stationary: np.ndarray
    streaming: np.ndarray
    parameters: dict[str, Any]
    sum_bits: int
    given_regor: bool = False
    row_ids: np.ndarray | None = None
    rng: np.random.Generator | None = None
    folds: list[list[golden.Fold]] = field(default_factory=list)

    def __post_init__(self) -> None:
        parameters = self.parameters
        self.lanes = parameters["lanes"]
        self.window = parameters["window"] or self.lanes
        self.arithmetic = golden.Arithmetic(
            parameters["format"], parameters["flush_subnormals"], parameters["reduction"], self.sum_bits
        )
        missing = -self.stationary.shape[1] % self.window
        self.rows = np.pad(self.stationary, ((0, 0), (0, missing)))
        self.vectors = np.pad(self.streaming, ((0, 0), (0, missing)))
        self.row_bits = self.arithmetic.nonzero(self.rows)
        self.vector_bits = self.arithmetic.nonzero(self.vectors)
        self.ids = list(map(int, range(len(self.rows)) if self.row_ids is None else self.row_ids))
        self.parts = golden.windows(self.rows.shape[1], self.window)
        for part in self.parts:
            mask = golden.regor(self.vector_bits[:, part])
            self.folds.append(golden.pack(golden.useful_stationary(self.row_bits[:, part], mask), self.lanes))

    @property
    def useful_macs(self) -> int:
        """Return the products of two nonzero operands."""
        return int(np.sum(self.row_bits.sum(axis=0, dtype=np.int64) * self.vector_bits.sum(axis=0)))

    def steps(self) -> Iterable[tuple[golden.Fold, golden.Step]]:
        """Return what golden says of each fold."""
        for part, folds in zip(self.parts, self.folds, strict=True):
            for fold in folds:
                yield (
                    fold,
                    golden.step(
                        fold,
                        self.rows[:, part],
                        self.vectors[:, part],
                        self.vector_bits[:, part],
                        self.arithmetic,
                    ),
                )

    def bitmaps(self, payload: Payload) -> Beats:
        """Return the bitmaps of all vectors, window by window, or their OR."""
        beats: Beats = []
        for part in self.parts:
            bits = self.vector_bits[:, part]
            bits = golden.regor(bits)[np.newaxis] if self.given_regor else bits
            beats += [(payload.pack(bitmap=row), index == len(bits) - 1) for index, row in enumerate(bits)]
        return beats

    def row_beats(self, payload: Payload) -> Beats:
        """Return all rows, window by window, empty ones too."""
        return [
            (payload.pack(row=self.ids[row], bitmap=bits), row == len(self.rows) - 1)
            for part in self.parts
            for row, bits in enumerate(self.row_bits[:, part])
        ]

    def value_beats(self, payload: Payload) -> Beats:
        """Return the stationary values, packed; a window without any is a beat of none."""
        width = self.parameters["stationary_bandwidth"]
        beats: Beats = []
        for part in self.parts:
            values = [int(v) for v in self.rows[:, part][self.row_bits[:, part]]]
            first = 0
            while True:
                count = width if self.rng is None else int(self.rng.integers(width + 1))
                own = values[first : first + count]
                first += count
                word = payload.pack(values=own + [0] * (width - len(own)), count=len(own))
                beats.append((word, first >= len(values)))
                if first >= len(values):
                    break
        return beats

    def vector_beats(self, payload: Payload) -> Beats:
        """Return all vectors for each fold."""
        beats: Beats = []
        for part, folds in zip(self.parts, self.folds, strict=True):
            own: Beats = []
            for index, (values, bits) in enumerate(
                zip(self.vectors[:, part], self.vector_bits[:, part], strict=True)
            ):
                packed = [int(v) for v in values[bits]]
                packed += [0] * (self.window - len(packed))
                own.append((payload.pack(values=packed, bitmap=bits), index == len(self.vectors) - 1))
            beats += own * len(folds)
        return beats

    def setting_beats(self, payload: Payload) -> Beats:
        """Return the settings of each fold."""
        topology = self.parameters["distribution"]
        if topology == "auto":
            topology = "crossbar" if self.lanes <= CROSSBAR_LANES else "multicast-benes"
        positions = [fold.positions for folds in self.folds for fold in folds]
        if not positions:
            return []
        words = route.route(topology, np.array(positions), self.window)
        return [
            (payload.pack(data=row), index == len(rows) - 1)
            for rows in words
            for index, row in enumerate(rows)
        ]

    def beats(self, payloads: dict[str, Payload]) -> dict[str, Beats]:
        """Return the beats of all inputs."""
        made = {
            "bitmaps": self.bitmaps,
            "rows": self.row_beats,
            "stationary": self.value_beats,
            "vectors": self.vector_beats,
            "settings": self.setting_beats,
        }
        return {name: make(payloads[name]) for name, make in made.items() if name in payloads}


def check(job: Job, payload: Payload, received: list[Beat]) -> int:
    """Compare all sums with golden, slot by slot and vector by vector; return how many there are."""
    beats = [
        ({name: payload.lanes(beat.data, name) for name in payload.fields}, beat.last) for beat in received
    ]
    modulus = 1 << job.parameters["index_bits"]
    compared = 0
    for number, (fold, step) in enumerate(job.steps()):
        end = next((index for index, (_, last) in enumerate(beats) if last), None)
        assert end is not None, f"fold {number}: no last beat"
        own, beats = [fields for fields, _ in beats[: end + 1]], beats[end + 1 :]
        for lane in range(job.lanes):
            slot = [fields for fields in own if fields["valid"][lane]]
            if not fold.ends[lane]:
                assert not slot, f"fold {number}, slot {lane}: {len(slot)} sums where no run ends"
                continue
            found = [(f["row"][lane], f["index"][lane], f["value"][lane], f["partial"][lane]) for f in slot]
            partial = int(fold.partial and lane == job.lanes - 1)
            values = step.sums[:, lane]
            values = values.view(np.uint32) if values.dtype == np.float32 else values
            wanted = [
                (job.ids[fold.rows[lane]], index % modulus, int(value), partial)
                for index, value in enumerate(values)
            ]
            assert found == wanted, f"fold {number}, slot {lane}: {found[:4]}…, golden {wanted[:4]}…"
            if "overflow" in payload.fields:
                assert [f["overflow"][lane] for f in slot] == step.overflow[:, lane].astype(int).tolist()
            compared += len(wanted)
        done = [fields for fields in own if fields["complete"][0]]
        assert [f["vector"][0] for f in done] == [v % modulus for v in range(len(step.bitmap))]
        assert [f["bitmap"] for f in done] == step.bitmap.astype(int).tolist(), f"fold {number}: bitmaps"
        compared += len(done)
    assert not beats, f"{len(beats)} beats after the last fold"
    return compared
