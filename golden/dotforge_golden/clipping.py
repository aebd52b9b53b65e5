"""Optimum clipping, from Dally, "Hardware for Deep Learning", slide "Optimum Clipping".

Numbers beyond a threshold s are clipped, the others rounded to one of 2^B steps of 2s / 2^B. The mean squared
error is that of clipping and that of rounding, a twelfth of the step squared::

    J(s) = 4^(−B)/3 · s² ∫₀ˢ f(x) dx + ∫ₛ^∞ (s − x)² f(x) dx             f: density of |X|

The slide's recursion, with 1{c} the indicator of c::

    s ← E[|X| · 1{|X| > s}] / ( 4^(−B)/3 · E[1{|X| < s}] + E[1{|X| > s}] )

An exact zero has no rounding error, so zeros are left out of the first expectation of the denominator: both in
J and in the recursion the numbers that round are those with 0 < |X| < s.

The recursion's fixed point solves dJ/ds = 0 without the term 4^(−B)/3 · s² f(s), by which a larger threshold
makes more numbers round. On samples that term is a jump of J at each of them; for a density it moves the
minimiser, at B = 4 and a Gaussian by 0.4 %. :func:`optimum` takes the term in (``boundary``, the default) and
then finds the minimiser of J, or leaves it out and is the slide's recursion to the letter.

The symmetric codes of :func:`clip_and_round` are 2^B − 1, not 2^B: their step is 2s / (2^B − 2). With ``codes``
that step takes the place of the slide's, so 1 / (3 · (2^B − 2)²) that of 4^(−B)/3: a smaller threshold, 1 dB better at
B = 2, and the same where bits abound.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "GAUSSIAN",
    "LAPLACIAN",
    "Density",
    "Moments",
    "clip_and_round",
    "error",
    "least_error_threshold",
    "optimum",
    "sample_threshold",
]

Floats = NDArray[np.float64]

#: Steps after which an iteration that has not settled ends.
_STEPS = 200


@dataclass(frozen=True)
class Moments:
    """Expectations of |X| on either side of a threshold s.

    Attributes
    ----------
    inside : E[1{0 < |X| < s}]
    outside, outside_first, outside_second : E[1{|X| > s}], E[|X| · 1{|X| > s}], E[X² · 1{|X| > s}]
    density : f(s)
    """

    inside: float
    outside: float
    outside_first: float
    outside_second: float
    density: float


class Density(Protocol):
    """A distribution with zero mean, given by its moments."""

    def moments(self, s: float) -> Moments:
        """Return the expectations for the threshold ``s``."""
        ...


class _Gaussian:
    """Normal distribution of variance 1."""

    def moments(self, s: float) -> Moments:
        density = math.sqrt(2 / math.pi) * math.exp(-s * s / 2)
        outside = math.erfc(s / math.sqrt(2))
        return Moments(1 - outside, outside, density, outside + s * density, density)


class _Laplacian:
    """Laplace distribution of E|X| = 1, variance 2."""

    def moments(self, s: float) -> Moments:
        tail = math.exp(-s)
        return Moments(1 - tail, tail, (s + 1) * tail, (s * s + 2 * s + 2) * tail, tail)


GAUSSIAN: Density = _Gaussian()
LAPLACIAN: Density = _Laplacian()


def _noise(bits: int, codes: bool) -> float:
    """Return the error of rounding over s²: a twelfth of the step squared."""
    steps = 2**bits - 2 if codes else 2**bits
    return 1 / (3 * steps**2)


def error(moments: Moments, s: float, bits: int, *, codes: bool = False) -> float:
    """Return the slide's J, or with ``codes`` that of 2^bits − 1 levels.

    Parameters
    ----------
    moments : of the magnitudes, at the threshold ``s``
    s : threshold, above 0
    bits : of an element
    """
    clipped = s * s * moments.outside - 2 * s * moments.outside_first + moments.outside_second
    return _noise(bits, codes) * s * s * moments.inside + clipped


def optimum(
    density: Density, bits: int, *, start: float = 1.0, boundary: bool = True, codes: bool = False
) -> float:
    """Iterate the recursion on analytic moments until it stands still.

    Parameters
    ----------
    density : distribution
    bits : B
    start : first threshold
    boundary : take in the term that the slide's recursion leaves out: the result then minimises J
    codes : for 2^bits − 1 levels, not for the slide's 2^bits

    Raises
    ------
    ArithmeticError
        It did not settle.
    """
    noise = _noise(bits, codes)
    s = start
    for _ in range(_STEPS):
        moments = density.moments(s)
        rounding = moments.inside + (s * moments.density / 2 if boundary else 0)
        following = moments.outside_first / (noise * rounding + moments.outside)
        if abs(following - s) <= 1e-14 * s:
            return following
        s = following
    raise ArithmeticError(f"no fixed point after {_STEPS} steps from {start}")


def sample_threshold(values: ArrayLike, bits: int, *, codes: bool = False) -> Floats:
    """Iterate the recursion on samples, each row of the last axis for itself.

    It starts at the mean of the magnitudes that are not zero. On few samples it may run through all of them, or
    around a cycle; so of all thresholds that it visits, and the maximum, the one of least J is taken.

    Parameters
    ----------
    values : any shape
    bits : B
    codes : for the 2^B − 1 levels of :func:`clip_and_round`, not for the slide's 2^B

    Returns
    -------
    Thresholds, the shape of ``values`` without its last axis; 0 for rows of zeros.
    """
    noise = _noise(bits, codes)
    magnitude, exponents = _normalised(np.abs(np.asarray(values, np.float64)))
    nonzero = np.count_nonzero(magnitude, axis=-1)
    best = magnitude.max(axis=-1)
    least = noise * best * best * nonzero
    s = magnitude.sum(axis=-1) / np.maximum(nonzero, 1)
    for _ in range(_STEPS):
        over = magnitude > s[..., None]
        outside = np.count_nonzero(over, axis=-1)
        first = np.where(over, magnitude, 0).sum(axis=-1)
        found = noise * s * s * (nonzero - outside)
        found = found + np.where(over, (magnitude - s[..., None]) ** 2, 0).sum(axis=-1)
        better = found < least
        best, least = np.where(better, s, best), np.where(better, found, least)
        following = first / np.maximum(noise * (nonzero - outside) + outside, np.finfo(float).tiny)
        if np.allclose(following, s, rtol=1e-12, atol=0):
            break
        s = following
    return np.ldexp(best, exponents)


def _normalised(magnitude: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Scale rows to a largest magnitude of about 1, by powers of two, so that no square leaves the range."""
    exponents = np.frexp(magnitude.max(axis=-1))[1].astype(np.int64)
    return np.ldexp(magnitude, -exponents[..., None]), exponents


def clip_and_round(values: ArrayLike, threshold: ArrayLike, bits: int) -> Floats:
    """Quantise to the symmetric codes −(2^(bits−1) − 1) … 2^(bits−1) − 1, the largest of which is ``threshold``.

    Parameters
    ----------
    values : shape (…, K)
    threshold : shape (…), of each row; where it is 0, so is the result
    bits : of an element, 2 or more
    """
    largest = 2 ** (bits - 1) - 1
    step = np.asarray(threshold, np.float64)[..., None] / largest
    codes = np.divide(values, step, out=np.zeros(np.shape(values)), where=step > 0)
    return np.clip(np.rint(codes), -largest, largest) * step


def least_error_threshold(
    values: ArrayLike, bits: int, *, candidates: int = 400, samples: int = 1 << 16
) -> float:
    """Return the threshold of least measured error: values quantised at each of many thresholds.

    Parameters
    ----------
    values : any shape, taken as one set
    bits : of the symmetric codes, see :func:`clip_and_round`
    candidates : thresholds in each of two scans, over (0, max] and around the best of those
    samples : of more values than that, the largest sixteenth of so many are tried, and of the others so many at even
        distances in the order of magnitudes, each of which stands for its neighbours
    """
    flat, exponent = _normalised(np.abs(np.asarray(values, np.float64)).ravel())
    weights = np.ones(len(flat))
    if len(flat) > samples:
        flat = np.sort(flat)
        rest = len(flat) - samples // 16
        some = np.linspace(0, rest - 1, samples - samples // 16).astype(np.int64)
        weights = np.append(np.full(len(some), rest / len(some)), np.ones(samples // 16))
        flat = np.append(flat[some], flat[rest:])
    top = float(flat.max())
    if not top:
        return 0.0

    def measured(threshold: float) -> float:
        # No BLAS: its threads wait for each other where the cores are busy, and a scan has 800 sums.
        return float((weights * (clip_and_round(flat, threshold, bits) - flat) ** 2).sum())

    low, high, best = 0.0, top, top
    for _ in range(2):
        tried = np.linspace(low, high, candidates + 1)[1:]
        best = min((float(threshold) for threshold in tried), key=measured)
        step = (high - low) / candidates
        low, high = max(0.0, best - step), min(top, best + step)
    return float(np.ldexp(best, exponent))
