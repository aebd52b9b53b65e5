"""The crossbar: each lane takes the input of its number."""

import numpy as np

__all__ = ["crossbar"]


def crossbar(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return ``values[..., numbers]``, row by row; arrays [..., inputs] and [..., lanes].

    Parameters
    ----------
    numbers : which input each lane takes, from 0
    """
    rows = np.broadcast_shapes(np.shape(values)[:-1], np.shape(numbers)[:-1])
    return np.take_along_axis(
        np.broadcast_to(values, (*rows, np.shape(values)[-1])),
        np.broadcast_to(numbers, (*rows, np.shape(numbers)[-1])),
        axis=-1,
    )
