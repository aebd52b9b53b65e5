"""What the streams of the block-format dot product carry."""

from ...formats.block import SCALES
from ...formats.floating import FP32
from ...formats.integer import INT8
from ...stream.payload import Lanes, Payload, code_values, elements
from .config import MXDotConfig

__all__ = ["payloads"]


def payloads(config: MXDotConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    inputs = {}
    for name, element in (("activation", config.activation), ("weight", config.weight)):
        shared = SCALES[element.scale]
        number, unit = (element.float, 0) if element.float else (INT8, element.unit)
        scale = Lanes(
            "scale",
            config.scale_bits,
            False,
            element.scale,
            meaning="scale of the block"
            + ("; counts with the last beat of a block" if config.beats > 1 else ""),
            role="scale",
            encoding=shared.meaning,
            values=code_values(shared.value, config.scale_bits),
        )
        inputs[f"{name}s"] = Payload(
            (elements(name, number, config.lanes, "one operand of each product", unit=unit), scale),
            last=name == "activation",
            meaning="one beat of a dot product, tlast with its last; fill a short beat with 0"
            if name == "activation"
            else "one beat beside each beat of activations",
        )
    total = Lanes(
        "sum",
        32,
        False,
        "fp32",
        meaning="the dot product; NaN is 0x7fc00000",
        role="sum",
        encoding=FP32.encoding,
    )
    return inputs, {"sums": Payload((total,), meaning="one beat a dot product, in order")}
