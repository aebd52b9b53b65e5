"""An engine that tests itself: golden inputs in, signatures of the results out, a verdict for LEDs and a line.

::

    ┌────────────────┐   ┌────────┐   ┌────────────────┐
    │ pattern source ├──►│ engine ├──►│ signature      ├─► verdict ─┬─► LEDs
    │ an input each  │   │ as is  │   │ an output each │            └─► serial line
    └────────────────┘   └────────┘   └────────────────┘
"""

from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, ResetSignal, Signal, Value
from amaranth.lib.wiring import In, Out

from dotforge_golden.signature import signature

from ..block import Block
from .pattern import PatternSource
from .signature import SignatureCheck
from .uart import Announcer

__all__ = ["SelfTest", "Stream", "messages"]


@dataclass(frozen=True)
class Stream:
    """A stream of the engine and its golden beats.

    Parameters
    ----------
    prefix : of its ports
    width : bits of tdata
    tlast : whether it has that port
    beats : tdata and tlast, tlast as the bit above tdata
    gates : parts of tdata that mean something only with a flag: offset, width, bit of the flag
    """

    prefix: str
    width: int
    tlast: bool
    beats: tuple[int, ...]
    gates: tuple[tuple[int, int, int], ...] = ()

    @property
    def bits(self) -> int:
        """Bits of tdata and tlast."""
        return self.width + self.tlast


def messages(top: str, beats: int) -> tuple[str, str]:
    """Return what the serial line says of a failed and of a passed test.

    Parameters
    ----------
    top : name of the engine's top module
    beats : number of beats that are compared
    """
    return f"{top} FAIL {beats} beats\r\n", f"{top} PASS {beats} beats\r\n"


class SelfTest(Block):
    """Runs the golden vectors once after reset.

    The verdict falls when every output gave its beats, and a little later where one more would be wrong; or
    when nothing came for ``patience`` cycles.

    Parameters
    ----------
    top : module of the engine, which is instantiated by name: the Verilog that was verified
    inputs, outputs : its streams with golden beats
    held : other input ports and their values
    exact : whether outputs give nothing more
    divisor : clock cycles a bit of the serial line
    pause : clock cycles between two messages
    patience : clock cycles without a result that end a test

    Interface attributes
    --------------------
    disturb : flips a bit of every result, so that a failing verdict can be seen
    running, passed, failed : exactly one is high
    tx : serial line
    """

    module_name = "self_test"
    disturb: Signal
    running: Signal
    passed: Signal
    failed: Signal
    tx: Signal

    def __init__(
        self,
        *,
        top: str,
        inputs: tuple[Stream, ...],
        outputs: tuple[Stream, ...],
        held: tuple[tuple[str, int, int], ...],
        exact: bool,
        divisor: int,
        pause: int,
        patience: int = 1 << 16,
    ) -> None:
        self.top, self.inputs, self.outputs, self.held = top, inputs, outputs, held
        self.exact, self.divisor, self.pause, self.patience = exact, divisor, pause, patience
        super().__init__(
            {
                "disturb": In(1),
                "running": Out(1),
                "passed": Out(1),
                "failed": Out(1),
                "tx": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ports: list[tuple[str, str, object]] = [("i", "clk", ClockSignal()), ("i", "rst", ResetSignal())]
        ports += [("i", name, Const(value, width)) for name, width, value in self.held]
        for stream in self.inputs:
            ports += self._source(m, stream)
        checks, moved = [], []
        for stream in self.outputs:
            more, check = self._check(m, stream)
            ports += more
            checks.append(check)
            moved.append(check.valid)
        m.submodules.engine = Instance(self.top, *ports)
        self._judge(m, checks, Cat(moved).any())

        m.submodules.announcer = announcer = Announcer(
            texts=messages(self.top, sum(len(stream.beats) for stream in self.outputs)),
            divisor=self.divisor,
            pause=self.pause,
        )
        m.d.comb += [
            announcer.start.eq(~self.running),
            announcer.choice.eq(self.passed),
            self.tx.eq(announcer.tx),
        ]
        return m

    def _source(self, m: Module, stream: Stream) -> list[tuple[str, str, object]]:
        if not stream.beats:
            idle = [("i", f"{stream.prefix}_tdata", Const(0, stream.width)),
                    ("i", f"{stream.prefix}_tvalid", Const(0, 1))]  # fmt: skip
            return [*idle, *([("i", f"{stream.prefix}_tlast", Const(0, 1))] if stream.tlast else [])]
        source = PatternSource(beats=stream.beats, width=stream.bits)
        m.submodules[stream.prefix] = source
        ports = [
            ("i", f"{stream.prefix}_tdata", source.data[: stream.width]),
            ("i", f"{stream.prefix}_tvalid", source.valid),
            ("o", f"{stream.prefix}_tready", source.ready),
        ]
        return ports + ([("i", f"{stream.prefix}_tlast", source.data[stream.width])] if stream.tlast else [])

    def _check(self, m: Module, stream: Stream) -> tuple[list[tuple[str, str, object]], SignatureCheck]:
        check = SignatureCheck(
            width=stream.bits,
            count=len(stream.beats),
            expected=signature(stream.beats, stream.bits),
            exact=self.exact,
        )
        m.submodules[stream.prefix] = check
        data = Signal(stream.bits, name=f"{stream.prefix}_result")
        meant = Signal(stream.bits, name=f"{stream.prefix}_meant")
        kept: list[Value] = [Const(1, 1)] * stream.bits
        for offset, width, bit in stream.gates:
            kept[offset : offset + width] = [data[bit]] * width
        m.d.comb += [meant.eq(data & Cat(kept)), check.data.eq(meant ^ self.disturb)]
        ports: list[tuple[str, str, object]] = [
            ("o", f"{stream.prefix}_tdata", data[: stream.width]),
            ("o", f"{stream.prefix}_tvalid", check.valid),
            ("i", f"{stream.prefix}_tready", Const(1, 1)),
        ]
        return ports + ([("o", f"{stream.prefix}_tlast", data[stream.width])] if stream.tlast else []), check

    def _judge(self, m: Module, checks: list[SignatureCheck], moved: Value) -> None:
        complete = Signal()
        right = Signal()
        waited = Signal(range(self.patience))
        settle = Signal(range(64))
        m.d.comb += [
            complete.eq(Cat(check.complete for check in checks).all()),
            right.eq(Cat(check.right for check in checks).all()),
        ]
        running = Signal(init=1)
        m.d.comb += self.running.eq(running)
        with m.If(running):
            m.d.sync += waited.eq(waited + 1)
            with m.If(moved):
                m.d.sync += waited.eq(0)
            with m.If(complete):
                m.d.sync += settle.eq(settle + 1)
            with m.If((settle == 63) | (waited == self.patience - 1)):
                m.d.sync += [running.eq(0), self.passed.eq(right), self.failed.eq(~right)]
