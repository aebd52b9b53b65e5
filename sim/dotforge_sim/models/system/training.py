"""An iteration of training on one device of a symmetric system, event by event (SimPy).

Three things work side by side and wait for each other: arithmetic, the way to the backing store, and collectives. In
forward propagation a layer's inputs go to the backing store behind its computation; in back-propagation they come
ahead
of it; memory has room for ``prefetch_layers`` of them. Data-parallel devices reduce a layer's weight gradients behind
back-propagation; model-parallel ones gather outputs after each layer, and reduce input gradients, before the next
one begins.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import simpy

from ..errors import ModelError
from ..parameter_file import load, values
from .fabric import Fabric, collective, fabric
from .networks import Layer, is_recurrent, layers

__all__ = ["Iteration", "simulate"]


@dataclass(frozen=True)
class Iteration:
    """What an iteration takes, in seconds; the parts overlap, so that they add up to more than ``seconds``.

    Attributes
    ----------
    seconds : from its first layer to the last gradient
    computation, synchronization, virtualization : busy time of each
    moved : bytes to and from the backing store, a device
    host_bandwidth : bytes a second of a CPU socket's memory, on average; 0 where the store is not the CPU's
    host_peak : while all its devices move data
    """

    seconds: float
    computation: float
    synchronization: float
    virtualization: float
    moved: float
    host_bandwidth: float
    host_peak: float


class _Device:
    """Processes of one device."""

    def __init__(self, found: list[Layer], made: Fabric, p: Mapping[str, float], parallel: str) -> None:
        self.layers, self.fabric, self.p = found, made, p
        self.data = parallel == "data"
        self.samples = p["batch"] / p["devices"] if self.data else p["batch"]
        self.share = 1.0 if self.data else 1 / p["devices"]
        self.environment = simpy.Environment()
        self.core = simpy.Resource(self.environment)
        self.store = simpy.Resource(self.environment)
        self.rings = self.store if made.shared else simpy.Resource(self.environment)
        self.room = simpy.Container(
            self.environment, init=p["prefetch_layers"], capacity=p["prefetch_layers"]
        )
        self.busy: dict[str, float] = dict.fromkeys(("computation", "synchronization", "virtualization"), 0.0)
        self.moved = 0.0

    def _use(self, resource: simpy.Resource, seconds: float, what: str) -> Generator[Any, Any, None]:
        with resource.request() as turn:
            yield turn
            yield self.environment.timeout(seconds)
        self.busy[what] += seconds

    def _compute(self, layer: Layer, work: float) -> Generator[Any, Any, None]:
        p = self.p
        rate = p["pes"] * p["macs_per_pe"] * p["clock"] * p["utilisation"]
        macs = layer.macs * self.samples * self.share * work
        elements = (
            layer.read_weights * self.share + (layer.inputs + layer.outputs * self.share) * self.samples
        )
        seconds = max(
            macs / rate, work * elements * p["element_bytes"] / p["hbm_bandwidth"] + p["hbm_latency"]
        )
        yield from self._use(self.core, seconds, "computation")

    def _move(self, layer: Layer) -> Generator[Any, Any, None]:
        if self.fabric.backing is not None:
            stash = self.share * (1 if self.data else self.p["stash_share"])
            size = layer.kept * self.samples * stash * self.p["element_bytes"]
            self.moved += size
            yield from self._use(self.store, size / self.fabric.backing, "virtualization")

    def _collect(self, kind: str, elements: float) -> Generator[Any, Any, None]:
        size = elements * self.p["element_bytes"]
        seconds = collective(
            kind, size, self.p["devices"], self.fabric.hops * self.p["devices"] / 8, self.fabric.ring, self.p
        )
        if seconds:
            yield from self._use(self.rings, seconds, "synchronization")

    def _out(self, layer: Layer) -> Generator[Any, Any, None]:
        yield from self._move(layer)
        yield self.room.put(1)

    def _in(self, order: list[Layer], there: list[Any]) -> Generator[Any, Any, None]:
        for layer, event in zip(order, there, strict=True):
            yield self.room.get(1)
            yield from self._move(layer)
            event.succeed()

    def run(self) -> Generator[Any, Any, None]:
        """Do an iteration."""
        start = self.environment.process
        going = []
        for layer in self.layers:
            yield self.room.get(1)
            yield from self._compute(layer, 1)
            going.append(start(self._out(layer)))
            if not self.data:
                yield from self._collect("all-gather", layer.outputs * self.samples)
        yield simpy.AllOf(self.environment, going)
        order = self.layers[::-1]
        there = [self.environment.event() for _ in order]
        start(self._in(order, there))
        reducing = []
        for layer, event in zip(order, there, strict=True):
            yield event
            yield from self._compute(layer, self.p["backward_work"])
            yield self.room.put(1)
            if self.data:
                weights = layer.read_weights if self.p["reduce_timesteps"] else layer.weights
                reducing.append(start(self._collect("all-reduce", weights)))
            else:
                yield from self._collect("all-reduce", layer.inputs * self.samples)
        yield simpy.AllOf(self.environment, reducing)


def simulate(network: str, system: str, parallel: str = "data", **changed: float) -> Iteration:
    """Run an iteration.

    Parameters
    ----------
    network : see :data:`.networks.NETWORKS`
    system : see :data:`.fabric.SYSTEMS`
    parallel : ``data`` or ``model``
    changed : parameters, see ``data/system.toml``

    Raises
    ------
    ModelError
        A name is unknown, or a parameter is out of range.
    """
    if parallel not in ("data", "model"):
        raise ModelError(f"parallel {parallel}: allowed are data, model")
    p = values(load("system"), **changed)
    for name, value in changed.items():
        if not (value > 0 or (name == "reduce_timesteps" and value == 0)) or value == float("inf"):
            raise ModelError(f"parameter {name}={value:g}: allowed is a number above 0")
    hidden = 1
    if is_recurrent(network):
        hidden = round(p["hidden_" + network.replace("-", "_")])
    made = fabric(system, p)
    device = _Device(layers(network, hidden), made, p, parallel)
    device.environment.run(device.environment.process(device.run()))
    seconds = device.environment.now
    together = p["socket_devices"] if made.host else 0
    return Iteration(
        seconds=seconds,
        **device.busy,
        moved=device.moved,
        host_bandwidth=together * device.moved / seconds,
        host_peak=together * (made.backing or 0),
    )
