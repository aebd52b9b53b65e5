"""The parts of a self-test: pattern source, signature, serial line."""

import random
from typing import Any

import pytest
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from dotforge.board.pattern import PatternSource
from dotforge.board.signature import SignatureCheck
from dotforge.board.uart import Announcer
from dotforge_golden.signature import POLYNOMIAL, signature


def simulated(block: Any, bench: Any) -> None:
    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("count", [1, 2, 5, 16])
@pytest.mark.parametrize("busy", [1.0, 0.4])
def test_pattern_source(count: int, busy: float) -> None:
    beats = tuple(random.Random(count).getrandbits(70) for _ in range(count))
    source, rng, seen = PatternSource(beats=beats, width=70), random.Random(3), []
    cycles = 0

    async def bench(ctx: Any) -> None:
        nonlocal cycles
        while not ctx.get(source.done):
            assert cycles < 20 * count + 20
            ready = rng.random() < busy
            ctx.set(source.ready, ready)
            if ctx.get(source.valid) and ready:
                seen.append(ctx.get(source.data))
            await ctx.tick()
            cycles += 1
        for _ in range(5):
            assert not ctx.get(source.valid)
            await ctx.tick()

    simulated(source, bench)
    assert seen == list(beats)
    assert busy < 1 or cycles <= count + 3


@pytest.mark.parametrize("beats", [(), (4,), (-1,)])
def test_pattern_source_refuses(beats: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="beats: 1 or more of 2 bits"):
        PatternSource(beats=beats, width=2)


def test_signature_is_the_textbooks_shift_register() -> None:
    """Bit by bit, with taps where the polynomial has terms."""
    rng = random.Random(1)
    beats = [rng.getrandbits(40) for _ in range(50)]
    state = [1] * 32
    for beat in beats:
        out = state[31]
        state = [out * (POLYNOMIAL & 1), *(state[i - 1] ^ (out & POLYNOMIAL >> i) for i in range(1, 32))]
        state = [
            bit ^ (beat >> i & 1) ^ ((beat >> 32 + i & 1) if i < 8 else 0) for i, bit in enumerate(state)
        ]
    assert sum(bit << i for i, bit in enumerate(state)) == signature(beats, 40)
    with pytest.raises(ValueError, match="256 does not fit 8 bits"):
        signature([256], 8)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_signature_check(data: st.DataObject) -> None:
    """Right for the golden beats; wrong for any single bit, a swap, a beat too many or too few."""
    width = data.draw(st.sampled_from([1, 8, 32, 33, 72]))
    beats = data.draw(st.lists(st.integers(0, (1 << width) - 1), min_size=1, max_size=8))
    change = data.draw(st.sampled_from(["none", "bit", "surplus", "missing"]))
    given_beats = list(beats)
    if change == "bit":
        index = data.draw(st.integers(0, len(beats) - 1))
        given_beats[index] ^= 1 << data.draw(st.integers(0, width - 1))
    elif change == "surplus":
        given_beats.append(beats[0])
    elif change == "missing":
        given_beats.pop()
    check = SignatureCheck(width=width, count=len(beats), expected=signature(beats, width), exact=True)
    rng = random.Random(5)

    async def bench(ctx: Any) -> None:
        for beat in given_beats:
            while rng.random() < 0.3:
                await ctx.tick()
            ctx.set(check.data, beat)
            ctx.set(check.valid, 1)
            await ctx.tick()
            ctx.set(check.valid, 0)
            ctx.set(check.data, 0)
        await ctx.tick()
        assert ctx.get(check.complete) == (change != "missing")
        assert ctx.get(check.right) == (change == "none")

    simulated(check, bench)


def test_what_comes_later_may_be_allowed() -> None:
    check = SignatureCheck(width=4, count=1, expected=signature([3], 4), exact=False)

    async def bench(ctx: Any) -> None:
        ctx.set(check.valid, 1)
        for beat in (3, 9, 9):
            ctx.set(check.data, beat)
            await ctx.tick()
        assert ctx.get(check.right)

    simulated(check, bench)


@pytest.mark.parametrize("divisor", [2, 5])
def test_announcer(divisor: int) -> None:
    texts = ("no\r\n", "yes\n")
    announcer = Announcer(texts=texts, divisor=divisor, pause=30)
    line: list[int] = []

    async def bench(ctx: Any) -> None:
        for _ in range(20):
            line.append(ctx.get(announcer.tx))
            await ctx.tick()
        assert set(line) == {1}  # nothing to say yet
        line.clear()
        ctx.set(announcer.start, 1)
        for cycle in range(2 * (4 * (10 * divisor + 4) + 40)):
            ctx.set(announcer.choice, cycle > 20)
            line.append(ctx.get(announcer.tx))
            await ctx.tick()

    simulated(announcer, bench)
    text, at = "", 0
    while 0 in line[at:]:
        at = line.index(0, at)
        if at + 10 * divisor > len(line):
            break
        bits = [line[at + divisor * index + divisor // 2] for index in range(10)]
        assert all(
            line[at + divisor * index + step] == bits[index] for index in range(10) for step in range(divisor)
        )
        assert (bits[0], bits[9]) == (0, 1)
        text += chr(sum(bit << index for index, bit in enumerate(bits[1:9])))
        at += 10 * divisor - divisor // 2
    assert text.startswith(texts[0] + texts[1])  # the choice when a text begins, held to its end


@pytest.mark.parametrize(
    "arguments",
    [
        {"texts": ("a", "bc"), "divisor": 9, "pause": 1},
        {"texts": ("",), "divisor": 9, "pause": 1},
        {"texts": ("a",), "divisor": 1, "pause": 1},
        {"texts": ("a",), "divisor": 9, "pause": 0},
    ],
)
def test_announcer_refuses(arguments: Any) -> None:
    with pytest.raises(ValueError, match=r"texts: all|divisor: at least"):
        Announcer(**arguments)
