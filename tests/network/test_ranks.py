"""Settings by ranks, on Verilog, against their definition, for every mask; the registers of RankControl."""

import gc

import numpy as np
import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.rank_control import RankControl

from .vectors import bits_of, pack, run, unpack


def wanted(masks, bit, *, start):
    """Return this bit of the first rank ≥ C(p) that is ≡ i mod h, a switch i of the block around p."""
    masks = np.asarray(masks, dtype=int)
    lanes, half = masks.shape[1], 1 << bit
    before = np.concatenate([np.zeros((len(masks), 1), dtype=int), np.cumsum(masks, axis=1)], axis=1)
    places = np.arange(0, lanes, 2 * half) + (0 if start else half)
    count = before[:, places, None]
    rank = count + (np.arange(half) - count) % half
    return (rank >> bit & 1).reshape(len(masks), lanes // 2)


@pytest.mark.parametrize(
    ("lanes", "registers", "stallable"),
    [(2, (0, 2), False), (4, (0, 1, 2), True), (8, (0, 2), False), (16, (0, 1, 2), True), (16, (2,), False)],
)
def test_settings_of_every_mask(lanes, registers, stallable):
    control = RankControl(lanes, starts=True, filled=True, registers=registers, stallable=stallable)
    assert control.latency == len(registers)
    masks = bits_of(np.arange(1 << lanes)[:, None], lanes)
    inputs = {"mask": pack(masks)} | ({"advance": 1} if stallable else {})
    out = run(convert(control), inputs, control.latency)
    assert len(out["filled"]) == 1 << lanes
    for bit in range(lanes.bit_length() - 1):
        for kind in ("start", "middle"):
            got = unpack(out[f"{kind}_{bit}"], lanes // 2, 1)
            assert np.array_equal(got, wanted(masks, bit, start=kind == "start")), (kind, bit)
    assert np.array_equal(unpack(out["filled"], lanes, 1), np.arange(lanes) < masks.sum(axis=1)[:, None])


@pytest.mark.parametrize("registers", [(1,), (0, 2)])
def test_registers_wait(registers):
    """With a stall in every second cycle the same settings come out, each for two cycles."""
    control = RankControl(8, registers=registers)
    masks = np.arange(256)
    advance = np.tile([0, 1], 256)
    inputs = {"mask": np.repeat(masks, 2), "advance": advance}
    out = run(convert(control), inputs, 2 * control.latency)
    for bit in range(3):
        got = unpack(out[f"middle_{bit}"], 4, 1)[::2]
        assert np.array_equal(got, wanted(bits_of(masks[:, None], 8), bit, start=False))


def test_faulty_places():
    for registers in ((2, 0), (3,), (1, 1)):
        with pytest.raises(ValueError, match="rising places"):
            RankControl(8, registers=registers)
    gc.collect()
