"""What the streams of the post-processing unit carry."""

from ...formats.block import FP4_E2M1, SCALES
from ...stream.payload import Lanes, Payload, code_values, elements
from .config import RequantiseConfig

__all__ = ["payloads"]


def payloads(config: RequantiseConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    total = Lanes(
        "sum", config.sum_bits, True, f"int{config.sum_bits}", meaning="one sum of a vector", role="sum"
    )
    unit = Lanes(
        "unit",
        config.unit_bits,
        False,
        f"uint{config.unit_bits}",
        meaning="second-level scale of the result over that of the sums, 1 or more; the same for all of a vector",
        role="scale",
    )
    if config.is_nvfp4:
        element, scale = _nvfp4(config)
        return _streams(config, total, unit, element, scale)
    element = Lanes(
        "activation",
        config.element_bits,
        True,
        f"int{config.element_bits}",
        config.vector,
        meaning="sum / (scale · unit), rounded half away from zero; 0 behind a vector that ended early",
        role="element",
    )
    scale = Lanes(
        "scale",
        config.scale_bits,
        False,
        f"uint{config.scale_bits}",
        meaning="integer scale of the vector, from its largest magnitude; 0 where all elements are",
        role="scale",
    )
    return _streams(config, total, unit, element, scale)


def _nvfp4(config: RequantiseConfig) -> tuple[Lanes, Lanes]:
    """Elements and scale as ``mxdot`` takes them."""
    shared = SCALES["ue4m3"]
    found = "m / (6 · unit)" + (" or m / (4 · unit)" if config.passes == 2 else "")
    scale = Lanes(
        "scale",
        7,
        False,
        "ue4m3",
        meaning=f"scale of the block, {found} with m its largest magnitude, to nearest",
        role="scale",
        encoding=shared.meaning,
        values=code_values(shared.value, 7),
    )
    meaning = "sum / (scale · unit), ties to even; 0 behind a vector that ended early"
    return elements("activation", FP4_E2M1, config.vector, meaning), scale


def _streams(
    config: RequantiseConfig, total: Lanes, unit: Lanes, element: Lanes, scale: Lanes
) -> tuple[dict[str, Payload], dict[str, Payload]]:
    return (
        {
            "sums": Payload(
                (total, unit),
                last=True,
                meaning=f"one sum; a vector ends after {config.vector} of them or with tlast",
            )
        },
        {
            "activations": Payload(
                (element, scale), last=True, meaning="one vector, tlast as its last sum had it"
            )
        },
    )
