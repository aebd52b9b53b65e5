"""Matrices in block formats as the beats that the engine takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden.mx import ELEMENTS, Blocks

from ..simulator.streams import Beats, Simulator

__all__ = ["BlockOperands"]


@dataclass(frozen=True)
class BlockOperands:
    """Both operands cut into beats; what the last one does not hold is zero."""

    activations: np.ndarray  # (M, beats, lanes)
    activation_scales: np.ndarray  # (M, beats)
    weights: np.ndarray  # (N, beats, lanes)
    weight_scales: np.ndarray  # (N, beats)

    @property
    def beats(self) -> int:
        """Beats of a dot product."""
        return self.activations.shape[1]

    @staticmethod
    def of(parameters: dict[str, Any], activations: Blocks, weights: Blocks) -> "BlockOperands":
        """Cut A's rows and B's columns (the rows of ``weights``) for an engine of these parameters.

        Parameters
        ----------
        parameters : of the engine, by name
        activations : rows of A, quantised, (M, K)
        """
        lanes = parameters["lanes"]

        def cut(matrix: Blocks) -> tuple[np.ndarray, np.ndarray]:
            element = ELEMENTS[matrix.format]
            codes = matrix.elements if element.float else matrix.elements.view(np.int8)
            rows, width = codes.shape
            beats = -(-width // lanes)
            padded = np.pad(codes, ((0, 0), (0, beats * lanes - width)))
            scales = np.repeat(matrix.scales, element.block // lanes, axis=1)[:, :beats]
            return padded.reshape(rows, beats, lanes), scales

        return BlockOperands(*cut(activations), *cut(weights))

    def streams(self, simulator: Simulator, columns: range) -> dict[str, Beats]:
        """Beats of all dot products of some columns, column by column, within a column row by row.

        Parameters
        ----------
        simulator : of the engine
        columns : numbers of the columns of B
        """
        rows, chosen = len(self.activations), slice(columns.start, columns.stop)

        def elements(array: np.ndarray) -> np.ndarray:  # a payload's field of one lane has one dimension
            array = array.reshape(-1, array.shape[-1])
            return array[:, 0] if array.shape[1] == 1 else array

        ends = np.tile(np.arange(self.beats) == self.beats - 1, rows * len(columns))
        return {
            "activations": simulator.pack(
                "activations",
                ends,
                activation=elements(np.tile(self.activations, (len(columns), 1, 1))),
                scale=np.tile(self.activation_scales, (len(columns), 1)).ravel(),
            ),
            "weights": simulator.pack(
                "weights",
                None,
                weight=elements(np.repeat(self.weights[chosen], rows, axis=0)),
                scale=np.repeat(self.weight_scales[chosen], rows, axis=0).ravel(),
            ),
        }
