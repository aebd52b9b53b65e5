"""What the streams of the vector-scaled MAC carry."""

from ...stream.payload import Lanes, Payload
from .config import VSQuantConfig

__all__ = ["payloads"]


def payloads(config: VSQuantConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    fill = "fill a short beat with weights of 0"
    activation = Lanes(
        "activation",
        config.activation_bits,
        True,
        f"int{config.activation_bits}",
        config.positions,
        "one operand of each product"
        if config.expansion == 1
        else "four activations for every two weights; each weight's index says which one it multiplies",
        role="element",
    )
    weight = Lanes(
        "weight",
        config.weight_bits,
        True,
        f"int{config.weight_bits}",
        config.lanes,
        "the other operand"
        if config.expansion == 1
        else "the two of every four weights that are stored, in order of place",
        role="element",
    )
    stored = [weight]
    if config.expansion > 1:
        stored.append(
            Lanes(
                "index",
                2,
                False,
                "uint2",
                config.lanes,
                "weight l multiplies activation 4 * (l // 2) + index",
                role="index",
            )
        )
    total = Lanes(
        "sum",
        config.sum_bits,
        True,
        f"int{config.sum_bits}",
        meaning="the dot product: sum over vectors of block sum times rounded scale product; times both second-level "
        "scales it is a number",
        role="sum",
        unit=config.scale_position,
    )
    flag = Lanes(
        "overflow",
        1,
        False,
        "uint1",
        meaning="the running sum did not fit at some update of this dot product",
        role="flag",
    )
    inputs = {
        "activations": Payload(
            (activation, _scale(config, "activation", config.activation_scale_bits)),
            last=True,
            meaning=f"one beat of a dot product, tlast with its last; {fill}",
        ),
        "weights": Payload(
            (*stored, _scale(config, "weight", config.weight_scale_bits)),
            meaning="one beat beside each beat of activations",
        ),
    }
    return inputs, {"sums": Payload((total, flag), meaning="one beat a dot product, in order")}


def _scale(config: VSQuantConfig, kind: str, bits: int) -> Lanes:
    """Return the field of an operand's scales."""
    if config.beats > 1:
        meaning = f"scale of the {kind} vector, the same in all its beats"
    else:
        meaning = f"scale of each {kind} vector of the beat, the first one low"
    return Lanes("scale", bits, False, f"uint{bits}", config.groups, meaning, role="scale")
