"""An engine that was measured, as a machine: multipliers and the widths of its streams, from a synthesis report."""

from typing import Any

from ..facts import multipliers
from ..registry import configure
from ..tools.files import OutputError

__all__ = ["roofline_device", "stream_bits"]


def stream_bits(engine: str, parameters: dict[str, Any]) -> dict[str, int]:
    """Return the bits a beat of each input stream.

    Parameters
    ----------
    engine : name of the engine
    parameters : values by name
    """
    entry, config = configure(engine, parameters)
    return {name: payload.width for name, payload in entry.top(config).engine.inputs.items()}


def _format(parameters: dict[str, Any]) -> str:
    """Return the format of an element, or one of as many bytes."""
    name = str(parameters.get("format", parameters.get("weight_format", "")))
    if "weight_bits" in parameters:
        return "int4" if parameters["weight_bits"] <= 4 else "int8"
    if name.startswith(("fp8", "mxfp8", "mxfp6")):
        return "fp8"
    if name.startswith(("mxfp4", "nvfp4")):
        return "fp4"
    return {"int4": "int4", "int16": "fp16", "bf16": "bf16", "fp16": "fp16"}.get(
        name, "int8" if name else "int4"
    )


def roofline_device(report: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the fields of :class:`dotforge_sim.models.roofline.Device` for an engine at its own Fmax.

    Parameters
    ----------
    report : of ``dotforge synth``
    where : its file, for messages

    Raises
    ------
    OutputError
        The report has no Fmax, or the engine makes no products.
    """
    engine, parameters = report.get("engine", ""), report.get("parameters", {})
    fmax = (report.get("timing") or {}).get("fmax_mhz")
    count = multipliers(parameters)
    if not fmax:
        raise OutputError(f"{where} has no Fmax: a report of a target that places or times is allowed")
    if not count:
        raise OutputError(f"{where}: {engine} makes no products")
    bits = stream_bits(engine, parameters)
    peak = 2 * count * fmax * 1e6
    return {
        "name": f"{engine}, {count} multipliers, {report['target']}, {fmax:g} MHz",
        "source": f"{where}: {', '.join(f'{name} {width} bits a beat' for name, width in bits.items())}",
        "kind": "engine",
        "peak": {_format(parameters): peak},
        "bandwidth": sum(bits.values()) / 8 * fmax * 1e6,
    }
