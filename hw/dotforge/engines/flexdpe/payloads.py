"""What the streams of the Flex-DPE carry."""

from ...formats.table import FloatFormat
from ...stream.payload import Lanes, Payload, elements
from .config import FlexDpeConfig
from .settings_packet import settings_packet

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
    return Lanes(name, 1, False, "uint1", count, meaning, role="bitmap")


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
            Lanes(
                "row",
                config.row_bits,
                False,
                f"uint{config.row_bits}",
                meaning="id of the row, rising in a window",
                role="id",
            ),
            _bits("bitmap", config.positions, "positions at which it is not zero"),
        ),
        last=True,
        meaning="a row of the stationary matrix; tlast with the last of a window; empty ones may be left out",
    )


def _stationary(config: FlexDpeConfig) -> Payload:
    bandwidth = config.stationary_bandwidth
    meaning = "values at the set bits of the window's rows, in order, from value 0 on"
    values = elements("values", config.operand, bandwidth, meaning)
    bits = bandwidth.bit_length()
    count = Lanes("count", bits, False, f"uint{bits}", meaning="how many of them there are", role="count")
    return Payload(
        (values, count),
        last=True,
        meaning="stationary values; tlast with the last of a window, in a beat of none where there are none",
    )


def _vectors(config: FlexDpeConfig) -> Payload:
    meaning = "values at the set bits, packed, from value 0 on"
    values = elements("values", config.operand, config.positions, meaning)
    return Payload(
        (values, _bits("bitmap", config.positions, "positions at which the vector is not zero")),
        last=True,
        meaning="a streaming vector; all of a window for each of its folds, tlast with the last",
    )


def _settings(config: FlexDpeConfig) -> Payload:
    return Payload(
        (
            Lanes(
                "data",
                1,
                False,
                "uint1",
                config.lanes,
                "a row of the distribution network's settings",
                role="setting",
            ),
        ),
        last=True,
        meaning=f"settings of each fold, a packet of {config.setting_rows} rows, tlast with the last",
        packet=settings_packet(config),
    )


def _flags(name: str, lanes: int, meaning: str, when: str = "") -> Lanes:
    return Lanes(name, 1, False, "uint1", lanes, meaning, role="flag", when=when)


def _sums(config: FlexDpeConfig) -> Payload:
    lanes, name, index = config.lanes, config.sum.name.lower(), f"uint{config.index_bits}"
    fields = [
        Lanes(
            "value",
            config.sum.width,
            not config.is_float,
            name,
            lanes,
            "sum of the run that ends in the slot",
            role="sum",
            encoding=config.sum.encoding if isinstance(config.sum, FloatFormat) else "",
            when="valid",
        ),
        Lanes(
            "row", config.row_bits, False, f"uint{config.row_bits}", lanes, "its row", role="id", when="valid"
        ),
        Lanes(
            "index",
            config.index_bits,
            False,
            index,
            lanes,
            f"number of its vector in the fold, modulo 2^{config.index_bits}",
            role="index",
            when="valid",
        ),
        _flags("valid", lanes, "the slot holds a sum"),
        _flags("partial", lanes, "the row goes on in the next fold", when="valid"),
        Lanes(
            "bitmap",
            1,
            False,
            "uint1",
            lanes,
            "slots whose sum has any product of two values",
            role="bitmap",
            when="complete",
        ),
        Lanes(
            "vector",
            config.index_bits,
            False,
            index,
            meaning=f"number of the vector, modulo 2^{config.index_bits}",
            role="index",
            when="complete",
        ),
        _flags("complete", 1, "all sums of a vector are out"),
    ]
    if config.may_overflow:
        fields.append(_flags("overflow", lanes, "the sum did not fit, and wrapped", when="valid"))
    meaning = "sums of one vector" if config.overlaps else "sums that are complete, of one vector or several"
    meaning = f"{meaning}; slot j is lane j's; tlast ends a fold"
    return Payload(tuple(fields), last=True, meaning=meaning, regroups=not config.overlaps)
