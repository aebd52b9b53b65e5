"""A datapath that puts its registers where a clock needs them.

What is computed is written once, operation by operation; each is placed in the earliest stage in which it ends
within the period, and values that are used in a later stage than they are made in go through registers::

            0    start                          period
    stage s │────│──── level ────│──── adder ────│      an operation that would end behind the period
    stage s + 1  │────│ ...                             is moved behind the next register

All stages advance together while ``enable`` is high. Every path takes the same number of stages, so the
initiation interval is 1 whatever the depth.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed

from .carry import name_value
from .delays import Path, TooFast, delays

__all__ = ["Stages", "Timed", "depth_for"]

_NOTHING = Path()


@dataclass(frozen=True)
class Timed:
    """A value of a datapath, the stage in which it is made, and what is ahead of it in that stage."""

    name: str
    value: Value
    stage: int
    path: Path = _NOTHING

    def __len__(self) -> int:
        return len(self.value)


class Stages:
    """Places operations in stages.

    Parameters
    ----------
    m : module that gets logic and registers
    device : whose delays count, see :mod:`dotforge.arithmetic.delays`
    period : of the clock, in nanoseconds
    enable : lets all stages advance
    """

    def __init__(self, m: Module, device: str, period: float, enable: Value) -> None:
        self.m, self.delays, self.period, self.enable = m, delays(device), period, enable
        #: The longest of the paths that cannot be cut, and of all paths.
        self.least = self.longest = Path()
        self._registers: dict[tuple[str, int], Value] = {}
        self._resets: set[str] = set()

    def given(self, name: str, value: Value, *, levels: int = 0, reset: bool = False) -> Timed:
        """Return an operand of stage 0.

        Parameters
        ----------
        name : stem of the names of its registers, as of all operations; used once
        value : of any shape
        levels : of logic that is ahead of it
        reset : its registers are reset, and say whether there is a beat
        """
        if reset:
            self._resets.add(name)
        return Timed(name, value, 0, Path(levels=levels))

    def at(self, timed: Timed, stage: int) -> Value:
        """Return a value in a stage, through as many registers as that takes.

        Parameters
        ----------
        timed : the value
        stage : in which it is wanted; its own at the least
        """
        if stage <= timed.stage:
            return timed.value
        key = (timed.name, stage)
        if key not in self._registers:
            before = self.at(timed, stage - 1)
            register = Signal(
                before.shape(), name=f"{timed.name}_s{stage}", reset_less=timed.name not in self._resets
            )
            with self.m.If(self.enable):
                self.m.d.sync += register.eq(before)
            self._registers[key] = register
        return self._registers[key]

    def place(self, path: Path, operands: Sequence[Timed]) -> tuple[int, Path]:
        """Return the stage in which an operation is done, and the path in that stage to its end.

        Parameters
        ----------
        path : of the operation itself
        operands : one or more
        """
        stage = max(operand.stage for operand in operands)
        ahead = [operand.path for operand in operands if operand.stage == stage]
        whole = max(ahead, key=self._after) + path
        if self._after(whole) > self.period:
            stage, whole = stage + 1, path
        self.need(path)
        self.longest = max(self.longest, whole, key=self._after)
        return stage, whole

    def need(self, path: Path) -> None:
        """Note what a cycle has to have room for.

        Parameters
        ----------
        path : what cannot be cut
        """
        self.least = max(self.least, path, key=self._after)
        self.longest = max(self.longest, path, key=self._after)

    def _after(self, path: Path) -> float:
        return path.after(self.delays)

    def logic(self, name: str, levels: int, function: Callable[..., Value], *operands: Timed) -> Timed:
        """Do something that takes levels of lookup tables.

        Parameters
        ----------
        name : of the result
        levels : of tables of four inputs
        function : the operands' values → that of the result
        operands : one or more
        """
        stage, end = self.place(Path(levels=levels), operands)
        value = function(*(self.at(operand, stage) for operand in operands))
        result = Signal(value.shape(), name=name)
        self.m.d.comb += result.eq(value)
        return Timed(name, result, stage, end)

    def add(self, name: str, a: Timed, b: Timed, width: int, carry: Timed | None = None) -> Timed:
        """Add two values and a bit, modulo 2^``width``; each is extended as its signedness says.

        A carry chain that is longer than a cycle is cut: its upper part follows a stage later.

        Parameters
        ----------
        name : of the result
        a, b : of any width and signedness
        width : of the result, signed
        carry : one bit
        """
        operands = [a, b] if carry is None else [a, b, carry]
        room = max(1, int((self.period - self.delays.start - self.delays.adder) / self.delays.bit + 1e-9) - 1)
        pieces: list[Timed] = []
        for low in range(0, width, room):
            high = min(low + room, width)
            more = high < width

            def piece(
                *values: Value, low: int = low, high: int = high, kept: int = high - low + more
            ) -> Value:
                x, y = (_extended(value, width)[low:high] for value in values[:2])
                return (x + y if len(values) == 2 else (Cat(Const(1, 1), x) + Cat(values[2], y))[1:])[:kept]

            chain = Path(adders=1, bits=high - low + (carry is not None))
            stage, end = self.place(chain, operands)
            value = piece(*(self.at(operand, stage) for operand in operands))
            label = name if not low and not more else f"{name}_from_{low}"
            part = Timed(label, name_value(self.m, label, value), stage, end)
            if more:
                carry = self.logic(f"{label}_carry", 0, lambda value: value[-1], part)
                operands = [a, b, carry]
                part = self.logic(f"{label}_sum", 0, lambda value: value[:-1], part)
            pieces.append(part)
        return self.logic(f"{name}_total", 0, lambda *values: Cat(*values).as_signed(), *pieces)

    def product(self, name: str, a: Timed, b: Timed, width: int) -> Timed:
        """Multiply two values in a multiplier block of the device.

        Parameters
        ----------
        name : of the result
        a, b : signed, as wide as the block's operands at most
        width : of the result
        """
        stage, end = self.place(Path(blocks=1), (a, b))
        result = Signal(signed(width), name=name)
        self.m.d.comb += result.eq(self.at(a, stage) * self.at(b, stage))
        return Timed(name, result, stage, end)

    def running(self, name: str, value: Timed, starts: Timed, load: Timed, width: int) -> Timed:
        """Add to a register: value, or what it held and value; of a register a stage later.

        Parameters
        ----------
        name : of the register
        value : signed
        starts : the register's value does not count
        load : the register takes the sum
        width : of the sum, signed
        """
        stage, _ = self.place(Path(levels=1, adders=1, bits=width), (value, starts, load))
        register = Signal(signed(width), name=name, reset_less=True)
        # Their registers are made first: not under the condition of this one.
        added, anew, loads = (self.at(operand, stage) for operand in (value, starts, load))
        with self.m.If(self.enable & loads):
            self.m.d.sync += register.eq(Mux(anew, 0, register) + added)
        return Timed(name, register, stage + 1)

    def tree(
        self, name: str, terms: Sequence[tuple[Timed, int, int]], carries: Sequence[Timed]
    ) -> tuple[Timed, list[Timed]]:
        """Add terms in a balanced tree of carry chains.

        Parameters
        ----------
        name : stem of names
        terms : signed, with least and largest value; the width of every sum follows
        carries : bits that are added too, one in each carry chain

        Returns
        -------
        The sum, and the bits that are left, in the order given.
        """
        left = list(carries)
        row = 0
        while len(terms) > 1:
            added: list[tuple[Timed, int, int]] = []
            for index in range(0, len(terms) - 1, 2):
                (a, low_a, high_a), (b, low_b, high_b) = terms[index : index + 2]
                carry = left.pop(0) if left else None
                low, high = low_a + low_b, high_a + high_b + (carry is not None)
                label = f"{name}_{row}_{index // 2}"
                added.append((self.add(label, a, b, signed_bits(low, high), carry), low, high))
            terms = [*added, *terms[len(terms) & ~1 :]]
            row += 1
        return terms[0][0], left


def signed_bits(low: int, high: int) -> int:
    """Width of two's complement that holds ``low`` … ``high``."""
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1


def _extended(value: Value, width: int) -> Value:
    fill = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, fill.replicate(max(0, width - len(value))))[:width]


def depth_for(config: Any, build: Callable[[Stages], int]) -> tuple[int, Path]:
    """Return the depth of a datapath for a configuration's clock, and its longest path between registers.

    Parameters
    ----------
    config : with ``device`` and ``clock_mhz``
    build : makes the datapath and returns the stages ahead of its end

    Raises
    ------
    TooFast
        A cycle is too short for what cannot be cut.
    """
    scratch = Module()
    scratch._MustUse__silence = True  # pyright: ignore[reportAttributeAccessIssue] - it is not used, on purpose
    stages = Stages(scratch, config.device, 1e3 / config.clock_mhz, Const(1, 1))
    depth = build(stages)
    least = stages.least.after(stages.delays)
    if least > stages.period:
        raise TooFast(
            f"parameter clock_mhz={config.clock_mhz}: allowed 1…{int(1e3 / least)} on {config.device} with the "
            "other parameters"
        )
    return depth, stages.longest
