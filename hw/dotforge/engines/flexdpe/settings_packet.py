"""What the beats of a fold's settings hold, bit by bit: for a host that routes."""

from ...network.columns import lower
from ...network.distribution.benes import benes_switches, column_bit
from ...network.distribution.settings import setting_places
from ...stream.payload import PacketField
from .config import FlexDpeConfig

__all__ = ["settings_packet"]

_MEANINGS = {
    "numbers": "position whose value each lane gets, lowest bit first",
    "occupied": "1 where a lane gets a value",
    "used": "1 where a position's value goes to any lane; positions in their order then have runs of slots",
    "ends": "1 where a run of slots, which all get one position's value, ends; a run is as long as lanes want it",
    "crossed": "1 where a switch of the permutation from slots to lanes crosses its two wires",
}


def settings_packet(config: FlexDpeConfig) -> tuple[PacketField, ...]:
    """Return the fields of a packet of settings; which they are depends on the distribution network."""
    places = setting_places(config.topology, config.lanes, config.positions)
    labels = _crossbar_labels(config) if config.topology == "crossbar" else _benes_labels(config)
    return tuple(
        PacketField(name, _MEANINGS[name], tuple(bits), tuple(labels[name])) for name, bits in places.items()
    )


def _crossbar_labels(config: FlexDpeConfig) -> dict[str, list[str]]:
    bits = (config.positions - 1).bit_length()
    return {
        "numbers": [f"lane {lane}, bit {bit}" for lane in range(config.lanes) for bit in range(bits)],
        "occupied": [f"lane {lane}" for lane in range(config.lanes)],
    }


def _benes_labels(config: FlexDpeConfig) -> dict[str, list[str]]:
    crossed = []
    for column, switch in benes_switches(config.lanes):
        bit = column_bit(column, config.lanes)
        wire = lower(switch, bit)
        crossed.append(f"column {column}, wires {wire} and {wire + (1 << bit)}")
    return {
        "used": [f"position {position}" for position in range(config.positions)],
        "ends": [f"slot {slot}" for slot in range(config.lanes - 1)],
        "crossed": crossed,
    }
