"""What the streams of the log-weight MAC carry."""

from ...formats.exponent import ExponentCode
from ...formats.logarithm import LogCode, parse_log_code
from ...stream.payload import Lanes, Payload, code_values
from .config import LogMacConfig

__all__ = ["payloads"]


def payloads(config: LogMacConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    stationary = config.weight_depth > 0
    code: ExponentCode | LogCode = config.plan.weight if config.is_log else config.code
    unit = 1 - config.lookup_bits if isinstance(code, LogCode) else code.low
    if config.activation_code == "integer":
        activation = Lanes(
            "activation",
            config.activation_bits,
            True,
            f"int{config.activation_bits}",
            config.lanes,
            "one operand of each product",
            role="element",
        )
    else:
        activation = _code(
            "activation", parse_log_code(config.activation_code), config.lanes, "one operand of each product"
        )
    release = Lanes(
        "release",
        1,
        False,
        "uint1",
        meaning="with tlast: the next dot product uses the next set of weights",
        role="flag",
    )
    weight = _code("weight", code, config.lanes, "the other operand of each product")
    start = Lanes(
        "bias",
        config.sum_bits,
        True,
        f"int{config.sum_bits}",
        meaning="start of the running sum: Σ −weight over the negative weights, plus any bias of the layer",
        role="bias",
        unit=unit,
    )
    total = Lanes(
        "sum",
        config.sum_bits,
        True,
        f"int{config.sum_bits}",
        meaning="the dot product",
        role="sum",
        unit=unit,
    )
    if config.log_output != "none":
        number = parse_log_code(config.log_output)
        total = _code("sum", number, 1, "the dot product", role="sum", unit=config.log_shift)
    flag = Lanes(
        "overflow",
        1,
        False,
        "uint1",
        meaning="the running sum did not fit at some beat of this dot product",
        role="flag",
    )
    inputs = {
        "activations": Payload(
            (activation, release) if stationary else (activation,),
            last=True,
            meaning="one beat of a dot product, tlast with its last; fill a short beat with weights of 0",
        ),
        "weights": Payload(
            (weight,),
            last=stationary,
            meaning=f"beats of a set that stays, tlast with its last, at most {config.weight_depth}; two sets are held"
            if stationary
            else "one beat beside each beat of activations",
        ),
    }
    if config.fold_sign:
        meaning = "one beat a set of weights" if stationary else "one beat a dot product"
        inputs["bias"] = Payload((start,), meaning=meaning)
    return inputs, {"sums": Payload((total, flag), meaning="one beat a dot product, in order")}


def _code(
    name: str, code: ExponentCode | LogCode, lanes: int, meaning: str, *, role: str = "element", unit: int = 0
) -> Lanes:
    values = code_values(lambda word: float(code.value(word)), code.bits)
    return Lanes(
        name,
        code.bits,
        False,
        code.name,
        lanes,
        meaning,
        role=role,
        unit=unit,
        encoding=code.encoding,
        values=values,
    )
