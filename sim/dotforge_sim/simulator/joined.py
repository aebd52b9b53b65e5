"""Streams that are joined in one (``joins`` in a manifest): beats are given as if they were not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Beats", "join", "parts"]


@dataclass(frozen=True)
class Beats:
    """What an input gets: ``data`` uint8[n, ceil(tdata_width / 8)], low byte first, and ``last`` bool[n]."""

    data: np.ndarray
    last: np.ndarray | None = None


def parts(streams: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return name → what a stream is by itself, of all that are joined in one of these.

    Parameters
    ----------
    streams : of a manifest
    """
    return {part["name"]: part for stream in streams for part in stream.get("joins", ())}


def join(streams: list[dict[str, Any]], inputs: Mapping[str, Beats]) -> dict[str, Beats]:
    """Put the beats of joined streams together, those of others are left as they are.

    Parameters
    ----------
    streams : of a manifest
    inputs : stream, or stream that is joined in one → beats

    Raises
    ------
    ValueError
        Some joined stream is missing, or they have different numbers of beats.
    """
    found = dict(inputs)
    for stream in streams:
        joined = stream.get("joins", ())
        given = [found.pop(part["name"]) for part in joined if part["name"] in found]
        if not given:
            continue
        counts = [len(each.data) for each in given]
        if len(given) < len(joined) or len(set(counts)) > 1:
            names = ", ".join(part["name"] for part in joined)
            raise ValueError(f"{stream['name']}: as many beats of each are wanted, of {names}, not {counts}")
        data = np.zeros((counts[0], stream["tdata_width"] // 8), np.uint8)
        last = None
        for part, each in zip(joined, given, strict=True):
            first = part["offset"] // 8
            data[:, first : first + each.data.shape[1]] = each.data
            last = each.last if last is None else last
        found[stream["name"]] = Beats(data, last)
    return found
