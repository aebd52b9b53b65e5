"""What the streams of the post-processing unit carry."""

from ...stream.payload import Lanes, Payload
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
