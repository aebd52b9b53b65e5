"""What the streams of the systolic array carry."""

from ...stream.payload import Lanes, Payload
from .config import SystolicConfig

__all__ = ["payloads"]


def payloads(config: SystolicConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    width, signed = config.operand.width, not config.is_float
    weights = Lanes(
        "weight", width, signed, config.format, config.columns, "weights of one row, a column each"
    )
    activations = Lanes(
        "activation", width, signed, config.format, config.rows, "elements of one vector, a row each"
    )
    sums = [
        Lanes(
            "sum",
            config.sum.width,
            signed,
            config.sum.name.lower(),
            config.columns,
            "of each column: activation times weight, added from row 0 down",
        )
    ]
    if config.may_overflow:
        sums.append(
            Lanes(
                "overflow",
                1,
                False,
                "flag",
                config.columns,
                "the sum did not fit after some row, and wrapped",
            )
        )
    fill = "fill a short one with zeros"
    inputs = {
        "weights": Payload(
            (weights,),
            meaning=f"a row of a fold's weights; {config.rows} beats a fold, row 0 first; {fill}",
        ),
        "activations": Payload(
            (activations,),
            last=True,
            meaning=f"a vector, tlast with the last of a fold: the next one meets the next fold's weights; {fill}",
        ),
    }
    return inputs, {"sums": Payload(tuple(sums), last=True, meaning="one beat a vector; tlast ends a fold")}
