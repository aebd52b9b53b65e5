"""Numbers of any type as float64 that round, and compare, as the numbers themselves do."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_float64"]

#: Integers up to this magnitude are float64 numbers, all of them.
_WHOLE = 1 << 53


def to_float64(values: np.ndarray) -> NDArray[np.float64]:
    """Return float64, rounded to odd where it does not hold a number.

    A number that was rounded to odd (towards zero, with the last bit set) is no number of any narrower format, and
    rounds to one of up to 51 bits as the number itself does. So a check whether a format holds a value, and
    rounding to it, may follow: neither is fooled by 2^53 + 1, nor by 1 + 2^−60 of an extended type.

    Parameters
    ----------
    values : integers, Booleans or floating-point numbers; infinities and NaN stay

    Returns
    -------
    float64, the same shape; beyond its range the largest number
    """
    values = np.asarray(values)
    if (values.dtype.kind == "f" and values.dtype.itemsize <= 8) or values.dtype.kind == "b":
        return values.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        found = values.astype(np.float64)
    if values.dtype.kind in "iu":
        wide = np.flatnonzero(
            (values > _WHOLE) | (values < -_WHOLE)
        )  # Python compares NumPy integers exactly
        exact = [int(value) for value in values.ravel()[wide]]
        above = [abs(int(near)) > abs(value) for near, value in zip(found.ravel()[wide], exact, strict=True)]
        lost = [int(near) != value for near, value in zip(found.ravel()[wide], exact, strict=True)]
    else:
        back = found.astype(values.dtype)
        wide = np.flatnonzero(np.isfinite(values) & (back != values))
        above = np.abs(back.ravel()[wide]) > np.abs(values.ravel()[wide])
        lost = np.ones(len(wide), bool)
    if not len(wide):
        return found
    flat = found.ravel().copy()
    some = flat[wide]
    below = np.where(np.asarray(above, bool), np.nextafter(some, 0.0), some)
    odd = np.copysign(
        (np.abs(below).view(np.int64) | 1).view(np.float64), values.ravel()[wide].astype(np.float64)
    )
    flat[wide] = np.where(np.asarray(lost, bool), odd, some)
    return flat.reshape(values.shape)
