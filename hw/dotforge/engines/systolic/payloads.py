"""What the streams of the systolic array carry."""

from ...formats.table import FloatFormat
from ...stream.payload import Lanes, Payload, elements
from .config import SystolicConfig

__all__ = ["payloads"]


def payloads(config: SystolicConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    sums = [
        Lanes(
            "sum",
            config.sum.width,
            not config.is_float,
            config.sum.name.lower(),
            config.columns,
            "of each column: activation times weight, added from row 0 down",
            role="sum",
            encoding=config.sum.encoding if isinstance(config.sum, FloatFormat) else "",
        )
    ]
    if config.may_overflow:
        meaning = "the sum did not fit after some row, and wrapped"
        sums.append(Lanes("overflow", 1, False, "uint1", config.columns, meaning, role="flag"))
    fill = "fill a short one with zeros"
    inputs = {
        "weights": Payload(
            (elements("weight", config.operand, config.columns, "weights of one row, a column each"),),
            meaning=f"a row of a fold's weights; {config.rows} beats a fold, row 0 first; {fill}",
        ),
        "activations": Payload(
            (elements("activation", config.operand, config.rows, "elements of one vector, a row each"),),
            last=True,
            meaning=f"a vector, tlast with the last of a fold: the next one meets the next fold's weights; {fill}",
        ),
    }
    return inputs, {"sums": Payload(tuple(sums), last=True, meaning="one beat a vector; tlast ends a fold")}
