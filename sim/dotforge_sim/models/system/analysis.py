"""The paper's figures and averages (001_38c8aab18062c4f0, section V), and which inputs they need.

Averages are harmonic means, as there. Whatever is not said in the paper is a named parameter of ``data/system.toml``;
:func:`sensitivity` varies those.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from statistics import fmean, harmonic_mean
from typing import Any

from ..errors import ModelError
from ..parameter_file import load, values
from .fabric import SYSTEMS, collective
from .networks import NETWORKS
from .training import Iteration, simulate

__all__ = [
    "CNNS", "GRID", "breakdown", "collectives", "grid", "needed_pcie", "scaling", "sensitivity", "speedup", "speedups",
    "summary", "variants",
]  # fmt: skip

CNNS = ("alexnet", "googlenet", "vgg-e", "resnet")
PARALLEL = ("data", "model")

#: What the paper leaves out, and values that are defensible.
GRID: dict[str, tuple[float, ...]] = {
    "element_bytes": (2, 4),
    "utilisation": (0.3, 0.5, 1.0),
    "pcie_efficiency": (0.75, 1.0),
    "pcie_sharing": (1, 2, 4),
    "reduce_timesteps": (0, 1),
}


@cache
def _run(network: str, system: str, parallel: str, changed: tuple[tuple[str, float], ...]) -> Iteration:
    return simulate(network, system, parallel, **dict(changed))


def _iteration(network: str, system: str, parallel: str, changed: Mapping[str, float]) -> Iteration:
    return _run(network, system, parallel, tuple(sorted(changed.items())))


def speedup(
    system: str,
    parallel: str,
    *,
    over: str = "dc",
    networks: Iterable[str] = NETWORKS,
    changed: Mapping[str, float] | None = None,
    over_changed: Mapping[str, float] | None = None,
) -> float:
    """Return the harmonic mean over networks of how much faster a system is than another.

    Parameters
    ----------
    system, over : see :data:`.fabric.SYSTEMS`
    parallel : ``data`` or ``model``
    networks : that are averaged
    changed : parameters of both
    over_changed : of the other one, beside those
    """
    both = changed or {}
    return harmonic_mean(
        [
            _iteration(each, over, parallel, {**both, **(over_changed or {})}).seconds
            / _iteration(each, system, parallel, both).seconds
            for each in networks
        ]
    )


def speedups(changed: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """Return Fig. 13: each network, system and way to share the work, beside DC-DLA."""
    rows = []
    for parallel, network, system in product(PARALLEL, NETWORKS, SYSTEMS):
        one = _iteration(network, system, parallel, changed or {})
        base = _iteration(network, "dc", parallel, changed or {})
        rows.append(
            {"parallel": parallel, "network": network, "system": SYSTEMS[system], "seconds": one.seconds,
             "speedup": base.seconds / one.seconds}
        )  # fmt: skip
    return rows


def breakdown(changed: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """Return Fig. 11 and 12: busy times of the three parts, and what is taken of the CPU's memory bandwidth."""
    rows = []
    for parallel, network, system in product(PARALLEL, NETWORKS, SYSTEMS):
        one = _iteration(network, system, parallel, changed or {})
        rows.append({"parallel": parallel, "network": network, "system": SYSTEMS[system], **vars(one)})
    return rows


def collectives(nodes: Iterable[int] = (2, 4, 8, 16), **changed: float) -> list[dict[str, Any]]:
    """Return Fig. 9: seconds of ring collectives of 8 MB on rings of so many nodes, and their ratio to two nodes."""
    p = values(load("system"), **changed)
    rows = []
    for kind in ("all-gather", "broadcast", "all-reduce"):
        times = {n: collective(kind, p["fig9_size"], n, n, 2 * p["link_bandwidth"], p) for n in (2, *nodes)}
        rows += [
            {"collective": kind, "nodes": n, "seconds": times[n], "to_two": times[n] / times[2]}
            for n in nodes
        ]
    return rows


def scaling(system: str, devices: int, changed: Mapping[str, float] | None = None) -> float:
    """Return how much faster so many data-parallel devices train the CNNs than one.

    Parameters
    ----------
    system : name of the system
    devices : 1 or more
    changed : parameters that differ from the file's
    """
    both = changed or {}
    return harmonic_mean(
        [
            _iteration(each, system, "data", {**both, "devices": 1}).seconds
            / _iteration(each, system, "data", {**both, "devices": devices}).seconds
            for each in CNNS
        ]
    )


def summary(changed: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the averages that the paper prints, by name."""
    both = dict(changed or {})
    found: dict[str, float] = {}
    for parallel in PARALLEL:
        for system in ("hc", "mc-s", "mc-l", "mc-b", "oracle"):
            found[f"{system}_{parallel}"] = speedup(system, parallel, changed=both)
    for system in ("hc", "mc-s", "mc-l", "mc-b"):
        found[system] = harmonic_mean([found[f"{system}_{parallel}"] for parallel in PARALLEL])
    # The paper's 2.8 is the arithmetic mean of its 3.5 and 2.1, whose harmonic mean is 2.6.
    found["mc-b_arithmetic"] = fmean(found[f"mc-b_{parallel}"] for parallel in PARALLEL)
    ratios = [
        _iteration(network, "oracle", parallel, both).seconds
        / _iteration(network, "mc-b", parallel, both).seconds
        for parallel, network in product(PARALLEL, NETWORKS)
    ]
    found |= {"mc-b_of_oracle": harmonic_mean(ratios), "mc-b_of_oracle_least": min(ratios),
              "mc-b_of_oracle_most": max(ratios)}  # fmt: skip
    for system in ("mc-s", "mc-l"):
        found[f"{system}_of_mc-b"] = harmonic_mean(
            [
                _iteration(network, "mc-b", parallel, both).seconds
                / _iteration(network, system, parallel, both).seconds
                for parallel, network in product(PARALLEL, NETWORKS)
            ]
        )
    pairs = [
        (_iteration(network, "dc", parallel, both), _iteration(network, "hc", parallel, both))
        for parallel, network in product(PARALLEL, NETWORKS)
    ]
    found["hc_virtualization"] = 1 - fmean(hc.virtualization / dc.virtualization for dc, hc in pairs)
    found["hc_synchronization"] = fmean(hc.synchronization / dc.synchronization for dc, hc in pairs) - 1
    found["hc_host_bandwidth_most"] = max(hc.host_bandwidth / hc.host_peak for _, hc in pairs)
    bound = sum(dc.virtualization > max(dc.computation, dc.synchronization) for dc, _ in pairs)
    found["dc_virtualization_bound"] = bound
    return found


def variants(changed: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the speedups of MC-DLA(B) under the paper's variants (V-B), by name."""
    p = values(load("system"), **dict(changed or {}))
    both = dict(changed or {})

    def average(over_changed: Mapping[str, float] | None = None, **more: float) -> float:
        return harmonic_mean(
            [speedup("mc-b", each, changed={**both, **more}, over_changed=over_changed) for each in PARALLEL]
        )

    gen4 = {"pcie_bandwidth": p["gen4"] * p["pcie_bandwidth"]}
    squeezed = {"pcie_efficiency": p["pcie_efficiency"] * p["compression"]}
    return {
        "gen4": average(gen4),
        "gen4_dc_gain": harmonic_mean(
            [
                speedup("dc", each, changed={**both, **gen4}, over_changed={"pcie_bandwidth": p["pcie_bandwidth"]})
                for each in PARALLEL
            ]
        ),
        "faster": average(pes=p["pes"] * p["tpu2_speed"]),
        "dgx2": average(devices=p["dgx2_devices"]),
        "compressed_cnns": harmonic_mean(
            [speedup("mc-b", each, networks=CNNS, changed=both, over_changed=squeezed) for each in PARALLEL]
        ),
        **{f"batch_{size}": average(batch=size) for size in (128, 256, 512, 1024, 2048)},
    }  # fmt: skip


def grid() -> list[dict[str, float]]:
    """Return every combination of :data:`GRID`."""
    return [dict(zip(GRID, each, strict=True)) for each in product(*GRID.values())]


def sensitivity() -> list[dict[str, float]]:
    """Return the speedups of MC-DLA(B) over :data:`GRID`: the inputs, ``data``, ``model`` and ``all``."""
    rows = []
    for changed in grid():
        both = {parallel: speedup("mc-b", parallel, changed=changed) for parallel in PARALLEL}
        rows.append({**changed, **both, "all": harmonic_mean(both.values())})
    return rows


def needed_pcie(target: float, **changed: float) -> float:
    """Return the bytes a second from a device to the host with which MC-DLA(B) is ``target`` times faster than
    DC-DLA.

    Raises
    ------
    ModelError
        None of 0.1…100 GB/s is it.
    """

    def found(bandwidth: float) -> float:
        both = {**changed, "pcie_bandwidth": bandwidth, "pcie_efficiency": 1.0, "pcie_sharing": 1.0}
        return harmonic_mean([speedup("mc-b", parallel, changed=both) for parallel in PARALLEL])

    low, high = 0.1e9, 100e9
    if not found(high) <= target <= found(low):
        raise ModelError(f"no bandwidth of 0.1…100 GB/s makes it {target} times faster")
    for _ in range(12):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if found(middle) > target else (low, middle)
    return (low * high) ** 0.5
