"""What the cycles of a Flex-DPE depend on: its configuration, and what a window's rows and vectors hold."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Timing", "Window", "window_of"]

#: Up to this many lanes ``distribution=auto`` is a crossbar.
_CROSSBAR_LANES = 4


@dataclass(frozen=True)
class Timing:
    """What of the configuration the cycles depend on; cycles where no unit is given.

    Attributes
    ----------
    lanes, bandwidth, window : see the engine's parameters
    registered : the controller has its registers
    overlaps : folds overlap in the reduction network
    distribution, multiplier, reduction : latencies
    topology, engines, walkers : of the route engines; ``host`` where settings come from a stream
    rows_of_settings : of a fold
    row_buffer : rows
    """

    lanes: int
    bandwidth: int
    window: int
    registered: bool
    overlaps: bool
    distribution: int
    multiplier: int
    reduction: int
    topology: str
    engines: int
    walkers: int
    rows_of_settings: int
    row_buffer: int

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> "Timing":
        """Return the timing of an engine with these parameters."""
        lanes = parameters["lanes"]
        window = parameters["window"] or lanes
        levels = lanes if parameters["reduction"] == "linear" else lanes.bit_length() - 1
        change = parameters["fold_change"]
        topology = parameters["distribution"]
        if topology == "auto":
            topology = "crossbar" if lanes <= _CROSSBAR_LANES else "multicast-benes"
        rows = lanes if topology == "crossbar" else lanes.bit_length() + 1
        return cls(
            lanes=lanes,
            bandwidth=parameters["stationary_bandwidth"],
            window=window,
            registered=parameters["control_pipeline"],
            overlaps=change == "overlap" or (change == "auto" and parameters["reduction"] == "fan"),
            distribution=parameters["distribution_pipeline"],
            multiplier=parameters["multiplier_pipeline"],
            reduction=levels * parameters["adder_pipeline"],
            topology="host" if parameters["host_routes"] else topology,
            engines=1 if topology == "crossbar" else parameters["route_engines"],
            walkers=parameters["route_walkers"],
            rows_of_settings=rows,
            row_buffer=0 if parameters["host_routes"] else parameters["row_buffer"],
        )


@dataclass(frozen=True)
class Window:
    """What the controller sees of a window.

    Attributes
    ----------
    bitmaps : beats of the ``bitmaps`` stream
    ones, useful : of each row: values, and those that stay
    kept : of the values, in order: how many of those before stay; one entry more than values
    """

    bitmaps: int
    ones: list[int]
    useful: list[int]
    kept: list[int]


def window_of(rows: np.ndarray, mask: np.ndarray, bitmaps: int) -> Window:
    """Return a window.

    Parameters
    ----------
    rows : bitmaps of the rows that are sent, [rows, W]
    mask : REGOR
    bitmaps : beats that REGOR takes
    """
    rows = np.asarray(rows, bool)
    stays = np.broadcast_to(mask, rows.shape)[rows]
    return Window(
        bitmaps,
        rows.sum(axis=1).tolist(),
        (rows & mask).sum(axis=1).tolist(),
        np.concatenate([[0], np.cumsum(stays)]).tolist(),
    )
