"""What the streams of the block-format dot product carry."""

from ...formats.block import SCALES, Element
from ...stream.payload import Lanes, Payload
from .config import MXDotConfig

__all__ = ["payloads"]


def payloads(config: MXDotConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    inputs = {}
    for name, element in (("activation", config.activation), ("weight", config.weight)):
        scale = Lanes(
            "scale",
            config.scale_bits,
            False,
            element.scale,
            meaning=f"scale of the block, {SCALES[element.scale].meaning}"
            + ("; counts with the last beat of a block" if config.beats > 1 else ""),
        )
        inputs[f"{name}s"] = Payload(
            (_elements(name, element, config.lanes), scale),
            last=name == "activation",
            meaning="one beat of a dot product, tlast with its last; fill a short beat with 0"
            if name == "activation"
            else "one beat beside each beat of activations",
        )
    total = Lanes("sum", 32, False, "fp32", meaning="the dot product, IEEE 754 binary32; NaN is 0x7fc00000")
    return inputs, {"sums": Payload((total,), meaning="one beat a dot product, in order")}


def _elements(name: str, element: Element, lanes: int) -> Lanes:
    values: tuple[float, ...] = ()
    if element.float and not element.has_nan:  # the others hold codes that are no numbers
        half = [_magnitude(element, code) for code in range(1 << (element.width - 1))]
        values = (*half, *(-value for value in half))
    unit = "" if element.float else ", in units of 2^-6"
    meaning = f"one operand of each product{unit}"
    return Lanes(name, element.width, element.float is None, element.code, lanes, meaning, values)


def _magnitude(element: Element, code: int) -> float:
    assert element.float is not None
    field, fraction = divmod(code, 1 << element.float.mantissa_bits)
    significand = fraction + (1 << element.float.mantissa_bits if field else 0)
    return significand * 2.0 ** (max(field, 1) - 1 + element.unit)
