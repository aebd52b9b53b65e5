"""What the streams of the Flex-DPU carry."""

from typing import Any

from ...formats.table import FloatFormat
from ...stream.payload import Lanes, Payload, code_values
from .config import FlexDpuConfig

__all__ = ["payloads"]


def payloads(config: FlexDpuConfig) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads of the streams in and of the streams out; of job slot g they end in ``_g``."""
    inputs: dict[str, Payload] = {}
    outputs: dict[str, Payload] = {}
    for slot in range(config.slots):
        inputs |= {
            f"jobs_{slot}": _jobs(config),
            f"bitmaps_{slot}": _bitmaps(config),
            f"rows_{slot}": _rows(config),
            f"stationary_{slot}": _stationary(config),
            f"vectors_{slot}": _vectors(config),
        }
        outputs[f"results_{slot}"] = _results(config)
    return inputs, outputs


def _uint(name: str, width: int, meaning: str, role: str) -> Lanes:
    return Lanes(name, width, False, f"uint{width}", meaning=meaning, role=role)


def _bits(name: str, count: int, meaning: str) -> Lanes:
    return Lanes(name, 1, False, "uint1", count, meaning, role="bitmap")


def _jobs(config: FlexDpuConfig) -> Payload:
    bits = max(1, (config.engines - 1).bit_length())
    return Payload(
        (
            _uint("first", bits, "first Flex-DPE of the group", "index"),
            _uint("size", config.engines.bit_length(), "Flex-DPEs of the group, 1 or more", "count"),
            _uint("rows", config.row_bits + 1, "rows of the stationary matrix, 1 or more", "count"),
            _uint("vectors", config.index_bits + 1, "streaming vectors, 1 or more", "count"),
            _uint("windows", 16, "windows of K, 1 or more", "count"),
            _uint("tag", config.tag_bits, "goes with the results", "id"),
        ),
        meaning="a product; taken when the one before in the slot is done and all Flex-DPEs of the group are free",
    )


def _bitmaps(config: FlexDpuConfig) -> Payload:
    return Payload(
        (_bits("bitmap", config.positions, "positions at which a streaming vector is not zero"),),
        last=True,
        meaning="bitmap of each streaming vector of a window, ahead of its rows, or their OR in one beat; "
        "tlast with the last. A position in none of them is left out of the products",
    )


def _rows(config: FlexDpuConfig) -> Payload:
    return Payload(
        (
            _uint("row", config.row_bits, "number of the row in the job, rising in a window", "index"),
            _bits("bitmap", config.positions, "positions at which it is not zero"),
        ),
        last=True,
        meaning="a row of the stationary matrix; tlast with the last of a window; empty ones may be left out, but "
        "not all of a window",
    )


def _stationary(config: FlexDpuConfig) -> Payload:
    bandwidth = config.stationary_bandwidth
    values = _elements(
        config, bandwidth, "values at the set bits of the window's rows, in order, from value 0 on"
    )
    count = _uint("count", bandwidth.bit_length(), "how many of them there are", "count")
    return Payload(
        (values, count),
        last=True,
        meaning="stationary values; tlast with the last of a window, in a beat of none where there are none",
    )


def _elements(config: FlexDpuConfig, lanes: int, meaning: str) -> Lanes:
    number, width = config.operand, config.operand.width
    told: dict[str, Any] = {}
    if isinstance(number, FloatFormat):
        told = {"encoding": number.encoding, "values": code_values(number.value, width)}
    return Lanes("values", width, not config.is_float, config.format, lanes, meaning, role="element", **told)


def _vectors(config: FlexDpuConfig) -> Payload:
    values = _elements(config, config.positions, "values at the set bits, packed, from value 0 on")
    return Payload(
        (values, _bits("bitmap", config.positions, "positions at which the vector is not zero")),
        last=True,
        meaning="a streaming vector; all of a window for each of its folds, tlast with the last",
    )


def _results(config: FlexDpuConfig) -> Payload:
    name = config.sum.name.lower()
    return Payload(
        (
            Lanes(
                "values",
                config.sum.width,
                not config.is_float,
                name,
                config.banks,
                "dot products of the vector with the rows of the block",
                role="sum",
                encoding=config.sum.encoding if isinstance(config.sum, FloatFormat) else "",
                when="valid",
            ),
            Lanes("valid", 1, False, "uint1", config.banks, "the job has the row", role="flag"),
            _uint("vector", config.index_bits, "number of the vector", "index"),
            _uint("block", config.row_bits, f"rows from {config.banks} times this on", "index"),
            _uint("tag", config.tag_bits, "of the job", "id"),
        ),
        last=True,
        meaning=f"results of {config.banks} rows with one vector: block after block, in each all vectors; tlast ends "
        "the job",
    )
