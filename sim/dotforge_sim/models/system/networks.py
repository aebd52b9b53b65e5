"""The eight networks as layers: weights, multiply-adds and elements of an input and an output, for one sample."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import ModelError

__all__ = ["NETWORKS", "Layer", "is_recurrent", "layers"]

#: In the order of the paper's Table III.
NETWORKS = ("alexnet", "googlenet", "vgg-e", "resnet", "rnn-gemv", "rnn-lstm-1", "rnn-lstm-2", "rnn-gru")


@dataclass(frozen=True)
class Layer:
    """A layer, or a timestep of a recurrent one.

    Attributes
    ----------
    name : of the layer
    weights : parameters; timesteps share theirs, and only the first one counts them
    read_weights : parameters that are read to compute it
    macs : multiply-adds of a sample in forward propagation
    inputs, outputs : elements of a sample's feature maps
    kept : elements that back-propagation needs again
    """

    name: str
    weights: int
    read_weights: int
    macs: int
    inputs: int
    outputs: int
    kept: int


@cache
def _definitions() -> dict[str, Any]:
    text = (files("dotforge_sim.models") / "data" / "networks.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _definition(network: str) -> dict[str, Any]:
    if network not in NETWORKS:
        raise ModelError(f"network {network}: allowed are {', '.join(NETWORKS)}")
    return _definitions()[network]


def is_recurrent(network: str) -> bool:
    """Tell recurrent networks from convolutional ones."""
    return "timesteps" in _definition(network)


def layers(network: str, hidden: int = 1024) -> list[Layer]:
    """Return the layers of a network, first one first.

    Parameters
    ----------
    network : see :data:`NETWORKS`
    hidden : units of a recurrent one, and inputs of a timestep, 1 or more

    Raises
    ------
    ModelError
        There is no such network.
    """
    found = _definition(network)
    if "timesteps" in found:
        gates = found["gates"]
        weights = gates * 2 * hidden * hidden
        # The input, the state before, and what the gates gave.
        kept = (2 + gates) * hidden
        return [
            Layer(f"step{step}", weights if step == 0 else 0, weights, weights, 2 * hidden, hidden, kept)
            for step in range(found["timesteps"])
        ]
    return [_layer(*row) for row in found["layers"]]


def _layer(kind: str, name: str, *sizes: int) -> Layer:
    if kind == "fc":
        inputs, outputs = sizes
        return Layer(name, inputs * outputs, inputs * outputs, inputs * outputs, inputs, outputs, inputs)
    channels, filters, rows, columns, side, groups, *known = sizes
    weights = rows * columns * channels // groups * filters
    outputs = filters * side * side
    stride = _STRIDES.get((rows, side), 1)
    inputs = channels * (side * stride) ** 2
    return Layer(name, weights, weights, weights * side * side, inputs, outputs, 0 if known else inputs)


#: Kernel and side of the output of layers with a stride → stride.
_STRIDES = {(11, 55): 4, (7, 112): 2}
