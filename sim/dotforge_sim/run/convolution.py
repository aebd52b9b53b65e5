"""Convolutions as matrix products: patches of the input are the rows of A, filters the columns of B.

With N images of C channels, filters O × C/groups × kernel, and P output places an image, group g is the product of
N·P × (C/groups · kernel) with that × O/groups; rows go image by image, place by place. Order within a patch is channel,
then kernel, as a filter has it.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .errors import RunError
from .tensors.onnx_file import OnnxFile

__all__ = ["Convolution", "of_node", "parse"]

_NAMES = ("stride", "padding", "dilation", "groups")


@dataclass(frozen=True)
class Convolution:
    """A convolution's shape.

    Attributes
    ----------
    stride, dilation : a number for each spatial dimension, or one for all
    padding : zeros before and after each spatial dimension, (before, after) each, or one number for all
    groups : of channels and filters, that do not meet
    """

    stride: tuple[int, ...] = (1,)
    padding: tuple[tuple[int, int], ...] = ((0, 0),)
    dilation: tuple[int, ...] = (1,)
    groups: int = 1

    def lowered(self, inputs: np.ndarray, filters: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Return A and B of a group.

        Parameters
        ----------
        inputs : (N, C, spatial …)
        filters : (O, C / groups, kernel …)
        group : 0 … groups − 1

        Raises
        ------
        RunError
            Shapes that do not fit each other.
        """
        self._check(inputs, filters, group)
        dimensions = inputs.ndim - 2
        channels, outputs = filters.shape[1], filters.shape[0] // self.groups
        chosen = inputs[:, group * channels : (group + 1) * channels]
        padded = np.pad(chosen, ((0, 0), (0, 0), *_each(self.padding, dimensions)))
        kernel, dilation = filters.shape[2:], _each(self.dilation, dimensions)
        span = tuple(each * (size - 1) + 1 for size, each in zip(kernel, dilation, strict=True))
        windows = np.lib.stride_tricks.sliding_window_view(padded, span, tuple(range(2, inputs.ndim)))
        steps = tuple(slice(None, None, each) for each in _each(self.stride, dimensions))
        windows = windows[(slice(None), slice(None), *steps, *(slice(None, None, each) for each in dilation))]
        # (N, C, places …, kernel …) to (N, places …, C, kernel …)
        order = (0, *range(2, 2 + dimensions), 1, *range(2 + dimensions, 2 + 2 * dimensions))
        a = windows.transpose(order).reshape(-1, channels * prod(kernel))
        b = filters[group * outputs : (group + 1) * outputs].reshape(outputs, -1).T
        return np.ascontiguousarray(a), np.ascontiguousarray(b)

    def places(self, inputs: np.ndarray, filters: np.ndarray) -> tuple[int, ...]:
        """Return the spatial shape of the output.

        Parameters
        ----------
        inputs, filters : see :meth:`lowered`
        """
        dimensions = inputs.ndim - 2
        return tuple(
            (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
            for size, kernel, stride, (before, after), dilation in zip(
                inputs.shape[2:],
                filters.shape[2:],
                _each(self.stride, dimensions),
                _each(self.padding, dimensions),
                _each(self.dilation, dimensions),
                strict=True,
            )
        )

    def raised(self, c: np.ndarray, inputs: np.ndarray, filters: np.ndarray) -> np.ndarray:
        """Return C of a group as images, (N, O / groups, places …).

        Parameters
        ----------
        c : (N·P, O / groups)
        inputs, filters : see :meth:`lowered`
        """
        return np.moveaxis(c.reshape(len(inputs), *self.places(inputs, filters), c.shape[1]), -1, 1)

    def _check(self, inputs: np.ndarray, filters: np.ndarray, group: int) -> None:
        if inputs.ndim < 3 or filters.ndim != inputs.ndim:
            raise RunError(
                f"--layer: A has shape {inputs.shape} and B {filters.shape}; allowed are images (N, C, spatial …) and "
                "filters (O, C / groups, kernel …)"
            )
        dimensions = inputs.ndim - 2
        for name in ("stride", "padding", "dilation"):
            if len(getattr(self, name)) not in (1, dimensions):
                raise RunError(
                    f"--layer: {name} has {len(getattr(self, name))} numbers for {dimensions} dimensions"
                )
        if inputs.shape[1] != filters.shape[1] * self.groups or filters.shape[0] % self.groups:
            raise RunError(
                f"--layer: {inputs.shape[1]} channels and {filters.shape[0]} filters of {filters.shape[1]} do not "
                f"make {self.groups} groups"
            )
        if not 0 <= group < self.groups:
            raise RunError(f"--group {group}: allowed 0…{self.groups - 1}")
        if 0 in inputs.shape or 0 in filters.shape or min(self.places(inputs, filters)) < 1:
            raise RunError(
                f"--layer: a kernel of {filters.shape[2:]} does not fit images of {inputs.shape[2:]}"
            )


def _each(numbers: tuple[Any, ...], dimensions: int) -> tuple[Any, ...]:
    return numbers * dimensions if len(numbers) == 1 else numbers


def parse(text: str) -> Convolution:
    """Read ``conv[:stride=2,padding=1,dilation=1,groups=1]``; of several dimensions ``stride=2x1``.

    Parameters
    ----------
    text : see above

    Raises
    ------
    RunError
        Another word, or a number that is out of range.
    """
    kind, _, rest = text.partition(":")
    if kind != "conv":
        raise RunError(
            f"--layer {text}: allowed are conv[:stride=…,padding=…,dilation=…,groups=…] and MODEL.onnx:NODE"
        )
    found: dict[str, tuple[int, ...]] = {}
    for part in filter(None, rest.split(",")):
        name, _, value = part.partition("=")
        numbers = value.split("x")
        least = 0 if name == "padding" else 1
        good = (
            name in _NAMES
            and name not in found
            and all(each.isascii() and each.isdecimal() for each in numbers)
        )
        if not good or min(map(int, numbers)) < least or max(map(int, numbers)) >= 1 << 20:
            raise RunError(
                f"--layer: {part}: allowed are {', '.join(_NAMES)}, once each, as in stride=2 or stride=2x1"
            )
        found[name] = tuple(map(int, numbers))
    groups = found.pop("groups", (1,))
    if len(groups) != 1:
        raise RunError("--layer: groups is one number")
    padding = tuple((each, each) for each in found.pop("padding", (0,)))
    return Convolution(found.get("stride", (1,)), padding, found.get("dilation", (1,)), groups[0])


def of_node(file: OnnxFile, name: str, spatial: tuple[int, ...]) -> tuple[Convolution, np.ndarray]:
    """Return a Conv of a model and its filters.

    Parameters
    ----------
    file : the model
    name : of the node, of what it gives, or of its filters
    spatial : of the input, which padding by ``SAME_UPPER`` and ``SAME_LOWER`` depends on

    Raises
    ------
    RunError
        There is none, or its filters are no initialiser.
    """
    nodes = [node for node in file.graph.node if node.op_type == "Conv"]
    node = next((each for each in nodes if name in (each.name, each.output[0], each.input[1])), None)
    if node is None:
        known = ", ".join(each.name or each.output[0] for each in nodes[:5]) or "none"
        raise RunError(f"--layer: {file.path} has no Conv {name}; it has {known}")
    if node.input[1] not in file.names:
        raise RunError(f"--layer: filters of {name}, {node.input[1]}, are no initialiser of {file.path}")
    filters = np.asarray(file.array(node.input[1]))
    attributes = {each.name: each for each in node.attribute}
    dimensions = filters.ndim - 2
    stride = tuple(attributes["strides"].ints) if "strides" in attributes else (1,) * dimensions
    dilation = tuple(attributes["dilations"].ints) if "dilations" in attributes else (1,) * dimensions
    pads = tuple(attributes["pads"].ints) if "pads" in attributes else (0,) * 2 * dimensions
    padding = tuple(zip(pads[:dimensions], pads[dimensions:], strict=True))
    way = attributes["auto_pad"].s.decode() if "auto_pad" in attributes else "NOTSET"
    if way in ("SAME_UPPER", "SAME_LOWER"):
        whole = [
            max(0, (-(-size // s) - 1) * s + d * (k - 1) + 1 - size)
            for size, s, d, k in zip(spatial, stride, dilation, filters.shape[2:], strict=True)
        ]
        small = [each // 2 for each in whole]
        ends = [(low, each - low) for low, each in zip(small, whole, strict=True)]
        padding = tuple(ends if way == "SAME_UPPER" else [(high, low) for low, high in ends])
    groups = attributes["group"].i if "group" in attributes else 1
    return Convolution(stride, padding, dilation, groups), filters
