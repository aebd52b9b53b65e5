"""Quantised matrices as the beats that the vector-scaled MAC takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden.quantise import Quantised
from dotforge_golden.vsquant import compress

from ..simulator.streams import Beats, Simulator

__all__ = ["VectorOperands"]


@dataclass(frozen=True)
class VectorOperands:
    """Both operands cut into beats; what the last one does not hold is zero."""

    activations: np.ndarray  # (M, beats, positions)
    activation_scales: np.ndarray  # (M, beats, groups)
    weights: np.ndarray  # (N, beats, lanes)
    indices: np.ndarray | None  # (N, beats, lanes)
    weight_scales: np.ndarray  # (N, beats, groups)

    @property
    def beats(self) -> int:
        """Beats of a dot product."""
        return self.activations.shape[1]

    @staticmethod
    def of(parameters: dict[str, Any], activations: Quantised, weights: Quantised) -> "VectorOperands":
        """Cut A's rows and B's columns (the rows of ``weights``) for an engine of these parameters.

        Parameters
        ----------
        parameters : of the engine, by name
        activations : rows of A, quantised, (M, K)
        """
        sparse = parameters["sparsity"] == "2:4"
        lanes, vector = parameters["lanes"], parameters["vector"]
        positions = 2 * lanes if sparse else lanes
        beats = -(-activations.elements.shape[1] // positions)

        def elements(matrix: np.ndarray) -> np.ndarray:
            return np.pad(matrix, ((0, 0), (0, beats * positions - matrix.shape[1])))

        def scales(matrix: np.ndarray) -> np.ndarray:
            groups = max(1, positions // vector)
            repeated = np.repeat(matrix, max(1, vector // positions), axis=1)[:, : beats * groups]
            fill = beats * groups - repeated.shape[1]
            return np.pad(repeated, ((0, 0), (0, fill))).reshape(len(matrix), beats, groups)

        values, indices = elements(weights.elements), None
        if sparse:
            values, indices = compress(values)
            indices = indices.reshape(-1, beats, lanes)
        return VectorOperands(
            elements(activations.elements).reshape(-1, beats, positions),
            scales(activations.scales),
            values.reshape(-1, beats, lanes),
            indices,
            scales(weights.scales),
        )

    def streams(self, simulator: Simulator, columns: range) -> dict[str, Beats]:
        """Beats of all dot products of some columns, column by column, within a column row by row.

        Parameters
        ----------
        simulator : of the engine
        columns : numbers of the columns of B
        """
        rows, chosen = len(self.activations), slice(columns.start, columns.stop)

        def flat(array: np.ndarray) -> np.ndarray:  # a payload's field of one lane has one dimension
            array = array.reshape(-1, array.shape[-1])
            return array[:, 0] if array.shape[1] == 1 else array

        def of_a(array: np.ndarray) -> np.ndarray:
            return flat(np.tile(array, (len(columns), 1, 1)))

        def of_b(array: np.ndarray) -> np.ndarray:
            return flat(np.repeat(array[chosen], rows, axis=0))

        ends = np.tile(np.arange(self.beats) == self.beats - 1, rows * len(columns))
        stored = {"weight": of_b(self.weights)}
        if self.indices is not None:
            stored["index"] = of_b(self.indices)
        return {
            "activations": simulator.pack(
                "activations", ends, activation=of_a(self.activations), scale=of_a(self.activation_scales)
            ),
            "weights": simulator.pack("weights", None, **stored, scale=of_b(self.weight_scales)),
        }
