"""What the streams of the Flex-DPE carry."""

from ...stream.payload import Lanes, Payload
from .config import FlexDpeConfig

__all__ = ["payloads"]


def payloads(config: FlexDpeConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out."""
    inputs = {
        "bitmaps": _bitmaps(config),
        "rows": _rows(config),
        "stationary": _stationary(config),
        "vectors": _vectors(config),
    }
    if config.host_routes:
        inputs["settings"] = _settings(config)
    return inputs, {"sums": _sums(config)}


def _bits(name: str, count: int, meaning: str) -> Lanes:
    return Lanes(name, 1, False, "bit", count, meaning)


def _bitmaps(config: FlexDpeConfig) -> Payload:
    return Payload(
        (_bits("bitmap", config.positions, "positions at which a streaming vector is not zero"),),
        last=True,
        meaning="bitmap of each streaming vector of a window, ahead of its rows, or their OR in one beat; "
        "tlast with the last. A position in none of them is left out of the products",
    )


def _rows(config: FlexDpeConfig) -> Payload:
    return Payload(
        (
            Lanes("row", config.row_bits, False, "row", meaning="id of the row, rising in a window"),
            _bits("bitmap", config.positions, "positions at which it is not zero"),
        ),
        last=True,
        meaning="a row of the stationary matrix; tlast with the last of a window; empty ones may be left out",
    )


def _stationary(config: FlexDpeConfig) -> Payload:
    bandwidth = config.stationary_bandwidth
    values = Lanes(
        "values",
        config.operand.width,
        not config.is_float,
        config.format,
        bandwidth,
        "values at the set bits of the window's rows, in order, from value 0 on",
    )
    count = Lanes("count", bandwidth.bit_length(), False, "count", meaning="how many of them there are")
    return Payload(
        (values, count),
        last=True,
        meaning="stationary values; tlast with the last of a window, in a beat of none where there are none",
    )


def _vectors(config: FlexDpeConfig) -> Payload:
    values = Lanes(
        "values",
        config.operand.width,
        not config.is_float,
        config.format,
        config.positions,
        "values at the set bits, packed, from value 0 on",
    )
    return Payload(
        (values, _bits("bitmap", config.positions, "positions at which the vector is not zero")),
        last=True,
        meaning="a streaming vector; all of a window for each of its folds, tlast with the last",
    )


def _settings(config: FlexDpeConfig) -> Payload:
    return Payload(
        (_bits("data", config.lanes, "a row of the distribution network's settings"),),
        last=True,
        meaning=f"settings of each fold, {config.setting_rows} rows, tlast with the last",
    )


def _sums(config: FlexDpeConfig) -> Payload:
    lanes, name = config.lanes, config.sum.name.lower()
    fields = [
        Lanes(
            "value",
            config.sum.width,
            not config.is_float,
            name,
            lanes,
            "sum of the run that ends in the slot",
            when="valid",
        ),
        Lanes("row", config.row_bits, False, "row", lanes, "its row", when="valid"),
        Lanes(
            "index",
            config.index_bits,
            False,
            "index",
            lanes,
            "number of its vector in the fold, modulo",
            when="valid",
        ),
        Lanes("valid", 1, False, "flag", lanes, "the slot holds a sum"),
        Lanes("partial", 1, False, "flag", lanes, "the row goes on in the next fold", when="valid"),
        Lanes(
            "bitmap", 1, False, "bit", lanes, "slots whose sum has any product of two values", when="complete"
        ),
        Lanes(
            "vector",
            config.index_bits,
            False,
            "index",
            meaning="number of the vector, modulo",
            when="complete",
        ),
        Lanes("complete", 1, False, "flag", meaning="all sums of a vector are out"),
    ]
    if config.may_overflow:
        fields.append(
            Lanes("overflow", 1, False, "flag", lanes, "the sum did not fit, and wrapped", when="valid")
        )
    meaning = "sums of one vector" if config.overlaps else "sums that are complete, of one vector or several"
    return Payload(tuple(fields), last=True, meaning=f"{meaning}; slot j is lane j's; tlast ends a fold")
