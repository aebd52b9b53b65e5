"""What the streams of the log-weight MAC carry."""

from ...formats.exponent import ExponentCode
from ...formats.logarithm import LogCode, parse_log_code
from ...stream.payload import Lanes, Payload
from .config import LogMacConfig

__all__ = ["payloads"]


def payloads(config: LogMacConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    stationary = config.weight_depth > 0
    code: ExponentCode | LogCode = config.plan.weight if config.is_log else config.code
    unit = f"in units of 2^{1 - config.lookup_bits if isinstance(code, LogCode) else code.low}"
    if config.activation_code == "integer":
        activation = Lanes(
            "activation",
            config.activation_bits,
            True,
            f"int{config.activation_bits}",
            config.lanes,
            "one operand of each product",
        )
    else:
        number = parse_log_code(config.activation_code)
        activation = _log_number("activation", number, config.lanes, "one operand of each product")
    release = Lanes(
        "release", 1, False, "flag", meaning="with tlast: the next dot product uses the next set of weights"
    )
    weight = Lanes(
        "weight",
        code.bits,
        False,
        config.weight_code,
        config.lanes,
        "the other operand, a code",
        tuple(float(code.value(word)) for word in range(2**code.bits)),
    )
    start = Lanes(
        "bias",
        config.sum_bits,
        True,
        f"int{config.sum_bits}",
        meaning=f"start of the running sum, {unit}: Σ −weight over the negative weights, plus any bias of the layer",
    )
    total = Lanes("sum", config.sum_bits, True, f"int{config.sum_bits}", meaning=f"the dot product, {unit}")
    if config.log_output != "none":
        number = parse_log_code(config.log_output)
        total = _log_number("sum", number, 1, f"the dot product, in units of 2^{config.log_shift}")
    flag = Lanes(
        "overflow", 1, False, "flag", meaning="the running sum did not fit at some beat of this dot product"
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


def _log_number(name: str, code: LogCode, lanes: int, meaning: str) -> Lanes:
    values = tuple(code.value(word) for word in range(2**code.bits))
    return Lanes(name, code.bits, False, code.name, lanes, f"{meaning}, a log number", values)
