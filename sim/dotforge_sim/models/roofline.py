"""Roofline: what limits a layer on a device, arithmetic, memory, or links between devices.

A product of M×K and K×N has 2·M·N·K operations and moves each matrix once, if on-chip memory is large enough. In a
network's
layer A is what a batch brings and B holds the weights. Model-parallel layers share out N over devices and gather
the result.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import ModelError
from .workloads import Gemm

__all__ = ["BYTES", "Device", "bound", "devices", "read_device"]

#: Format → bytes of an element.
BYTES = {"fp4": 0.5, "int4": 0.5, "fp8": 1, "int8": 1, "fp16": 2, "bf16": 2, "tf32": 4, "fp32": 4}


class Device(BaseModel):
    """A machine.

    Attributes
    ----------
    name : for people
    source : of its figures
    peak : format → operations a second, two a multiply-add
    bandwidth : bytes a second of its main memory
    capacity : bytes of that memory
    link : bytes a second to other devices, in one direction
    power : watts
    kind : ``gpu``, ``tpu``, ``sram`` or ``engine``
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: str
    peak: dict[str, float] = Field(min_length=1)
    bandwidth: float = Field(gt=0)
    capacity: float | None = None
    link: float | None = None
    power: float | None = None
    kind: str = "gpu"

    def ridge(self, format: str) -> float:
        """Return the operations a byte from which on arithmetic limits."""
        return self._peak(format) / self.bandwidth

    def _peak(self, format: str) -> float:
        if format not in self.peak:
            raise ModelError(f"{self.name} has no {format}: allowed are {', '.join(self.peak)}")
        return self.peak[format]


def _read(text: str, where: str) -> Device:
    try:
        return Device.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{where} is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def devices() -> dict[str, Device]:
    """Return the devices that come with the package, by name."""
    folder = files("dotforge_sim.models") / "devices"
    found = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return {name.removesuffix(".toml"): _read((folder / name).read_text("utf-8"), name) for name in found}


def read_device(name: str) -> Device:
    """Return a device of the package, or of a TOML file.

    Raises
    ------
    ModelError
        There is no such device, or the file is not one.
    """
    known = devices()
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix != ".toml":
        raise ModelError(f"device {name}: allowed are {', '.join(known)}, and .toml files")
    try:
        return _read(path.read_text(encoding="utf-8"), name)
    except OSError as error:
        raise ModelError(f"cannot read {name}: {error.strerror}") from None


def bound(
    gemm: Gemm, device: Device, format: str = "fp16", *, batch: int = 1, parallel: int = 1
) -> dict[str, Any]:
    """Return what limits a layer, and how fast it can be.

    Parameters
    ----------
    gemm : of one input: A brings M rows, B holds the weights
    device : that runs it
    format : of all elements
    batch : inputs at a time; their rows are stacked, 1 or more
    parallel : devices that share out the weights' columns, 1 or more

    Raises
    ------
    ModelError
        The device lacks the format or the links, or a number is below 1.
    """
    if format not in BYTES:
        raise ModelError(f"format {format}: allowed are {', '.join(BYTES)}")
    for name, value in (("batch", batch), ("parallel", parallel)):
        if value < 1:
            raise ModelError(f"{name} {value}: allowed is 1 or more")
    if parallel > 1 and device.link is None:
        raise ModelError(f"{device.name} has no links: parallel {parallel} is not possible, allowed is 1")
    m, n = gemm.m * batch, -(-gemm.n // parallel)
    operations = 2 * m * n * gemm.k
    moved = (m * gemm.k + gemm.k * n + m * n) * BYTES[format]
    peak = device._peak(format)
    times = {"arithmetic": operations / peak, "memory": moved / device.bandwidth}
    if parallel > 1:
        # Each device gets the columns of all others.
        times["links"] = m * n * (parallel - 1) * BYTES[format] / (device.link or 1)
    limit = max(times, key=lambda name: times[name])
    seconds = times[limit]
    weights = gemm.k * n * BYTES[format]
    return {
        "name": gemm.name,
        "device": device.name,
        "format": format,
        "batch": batch,
        "parallel": parallel,
        "operations": operations,
        "bytes": moved,
        "intensity": operations / moved,
        "ridge": device.ridge(format),
        "seconds": times,
        "limit": limit,
        "attainable": operations / seconds,
        "utilisation": operations / seconds / peak,
        "weights_fit": None if device.capacity is None else weights <= device.capacity,
    }
