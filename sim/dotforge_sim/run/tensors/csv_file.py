"""Small matrices as text: comma-separated numbers, a row a line."""

import warnings
from pathlib import Path

import numpy as np

from ..errors import RunError

__all__ = ["load"]

#: Larger ones are better kept in binary.
_MOST_BYTES = 64 << 20


def load(path: Path, operand: str) -> np.ndarray:
    """Return the matrix, float64.

    Parameters
    ----------
    path : of the file
    operand : for messages

    Raises
    ------
    RunError
        It is missing, too large, or holds something else than numbers.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise RunError(
                f"{operand}: {path} has {size} bytes, allowed are {_MOST_BYTES}: use .npy or .safetensors"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty file; its shape is refused
            return np.loadtxt(path, np.float64, delimiter=",", ndmin=2, encoding="utf-8")
    except FileNotFoundError:
        raise RunError(f"{operand}: {path} does not exist") from None
    except (OSError, ValueError) as error:
        raise RunError(
            f"{operand}: {path} is not a table of numbers ({str(error).splitlines()[0]})"
        ) from None
