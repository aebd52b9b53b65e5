"""The six systems: how fast a device reaches other devices and its backing store; ring collectives; power."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ModelError

__all__ = ["SYSTEMS", "Fabric", "collective", "fabric", "power_table"]

#: System → name in the paper.
SYSTEMS = {
    "dc": "DC-DLA",
    "hc": "HC-DLA",
    "mc-s": "MC-DLA(S)",
    "mc-l": "MC-DLA(L)",
    "mc-b": "MC-DLA(B)",
    "oracle": "DC-DLA(O)",
}


@dataclass(frozen=True)
class Fabric:
    """What a device sees.

    Attributes
    ----------
    name : in the paper
    backing : bytes a second to the backing store; ``None`` where nothing is moved there
    ring : bytes a second that a device sends to its neighbours, over all rings
    hops : nodes of a ring
    shared : both go over the same links
    host : the backing store is the CPU's memory
    """

    name: str
    backing: float | None
    ring: float
    hops: float
    shared: bool
    host: bool


def fabric(system: str, p: Mapping[str, float]) -> Fabric:
    """Return a system with these parameters (``data/system.toml``).

    Parameters
    ----------
    system : its name
    p : parameters by name

    Raises
    ------
    ModelError
        There is no such system.
    """
    if system not in SYSTEMS:
        raise ModelError(f"system {system}: allowed are {', '.join(SYSTEMS)}")
    name = SYSTEMS[system]
    link = p["link_bandwidth"] * p["link_efficiency"]
    every = p["links"] * link
    if system in ("dc", "oracle"):
        host = None
        if system == "dc":
            host = p["pcie_bandwidth"] * p["pcie_efficiency"] / min(p["pcie_sharing"], p["devices"])
        return Fabric(name, host, every, p["ring_hops_dc"], shared=False, host=system == "dc")
    if system == "hc":
        lent = p["hc_memory_links"] * link
        return Fabric(name, lent, every - lent, p["ring_hops_dc"], shared=False, host=True)
    hops = p["ring_hops_s"] if system == "mc-s" else p["ring_hops_mc"]
    # Half of a memory-node's bandwidth belongs to each of its two devices, and (B) uses two nodes.
    halves = {"mc-s": 2, "mc-l": 1, "mc-b": 2}[system] * p["memory_node_bandwidth"] / 2
    lanes = {"mc-s": p["mc_s_memory_links"], "mc-l": p["links"] / 2, "mc-b": p["links"]}[system]
    return Fabric(name, min(lanes * link, halves), every, hops, shared=True, host=False)


def collective(
    kind: str, size: float, devices: float, hops: float, bandwidth: float, p: Mapping[str, float]
) -> float:
    """Return the seconds of a ring collective, in messages that are passed on while the next ones arrive.

    Parameters
    ----------
    kind : ``all-gather``, ``all-reduce`` or ``broadcast``
    size : bytes of the result
    devices : that take part
    hops : nodes of the ring; those that take no part pass messages on
    bandwidth : bytes a second that a device sends
    p : parameters: ``message``, ``hop_latency``

    Raises
    ------
    ModelError
        There is no such collective.
    """
    if kind not in ("all-gather", "all-reduce", "broadcast"):
        raise ModelError(f"collective {kind}: allowed are all-gather, all-reduce, broadcast")
    if devices < 2 or not size:
        return 0.0
    passing = hops / devices
    hop = p["message"] / bandwidth + p["hop_latency"]
    if kind == "broadcast":
        # A pipeline along the ring, in both directions.
        return size / bandwidth + (hops / 2 - 1) * hop if hops > 2 else size / bandwidth
    rounds = (devices - 1) * (2 if kind == "all-reduce" else 1)
    return rounds * (size / devices / bandwidth + p["hop_latency"] + (passing - 1) * hop)


def power_table(p: Mapping[str, float]) -> list[dict[str, float]]:
    """Return the paper's Table IV: memory-nodes of ten DIMMs, and what eight of them add to a DGX."""
    rows = []
    for size in (8, 16, 32, 64, 128):
        each = p[f"dimm_{size}gb"]
        node = each * p["dimms"]
        capacity = size * p["dimms"]
        added = node * p["devices"]
        rows.append(
            {"dimm_gb": size, "dimm_w": each, "node_w": node, "node_gb": capacity, "gb_per_w": capacity / node,
             "added_w": added, "added": added / p["dgx_power"], "system_tb": capacity * p["devices"] / 1000}
        )  # fmt: skip
    return rows
