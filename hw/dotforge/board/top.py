"""The outermost level on a board: pins around the self-test."""

from typing import Any

from amaranth.build import Subsignal
from amaranth.build.res import ResourceError
from amaranth.hdl import ClockSignal, Elaboratable, Instance, Module, ResetSignal, Signal
from amaranth.lib import io
from amaranth.lib.cdc import FFSynchronizer

__all__ = ["BoardTop"]


class BoardTop(Elaboratable):
    """Connects a self-test to whatever of LEDs, buttons and serial line the board has.

    The first button resets; a second one disturbs the results, so that a failing verdict can be seen. LEDs:
    green or the first is ``passed``, red or the second is ``failed``, a third is ``running``. Clock and the
    reset after power-up are those that Amaranth makes for the board.

    Parameters
    ----------
    name : module of the self-test
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        pressed = []
        for index in (0, 1):
            pressed.append(level := Signal(name=f"pressed_{index}"))
            port = self._port(platform, "button_fire", index) or self._port(platform, "button", index)
            if port is not None:
                m.submodules[f"button_{index}"] = buffer = io.Buffer(io.Direction.Input, port)
                m.submodules[f"pressed_{index}"] = FFSynchronizer(buffer.i, level)
        running = Signal()
        passed = Signal()
        failed = Signal()
        tx = Signal()
        m.submodules.selftest = Instance(
            self.name,
            ("i", "clk", ClockSignal()),
            # Where no reset comes after power-up, registers start with their initial values.
            ("i", "rst", ResetSignal(allow_reset_less=True) | pressed[0]),
            ("i", "disturb", pressed[1]),
            ("o", "running", running),
            ("o", "passed", passed),
            ("o", "failed", failed),
            ("o", "tx", tx),
        )
        outputs = [
            (self._port(platform, "led_g", 0) or self._port(platform, "led", 0), passed),
            (self._port(platform, "led_r", 0) or self._port(platform, "led", 1), failed),
            (self._port(platform, "led", 2), running),
            (getattr(self._port(platform, "uart", 0), "tx", None), tx),
        ]
        for index, (port, value) in enumerate(outputs):
            if port is not None:
                m.submodules[f"output_{index}"] = buffer = io.Buffer(io.Direction.Output, port)
                m.d.comb += buffer.o.eq(value)
        return m

    @staticmethod
    def _port(platform: Any, name: str, number: int) -> Any:
        """Return a port of the board without buffers, ``None`` where it has no such."""
        try:
            parts = platform.lookup(name, number).ios
            whole = not isinstance(parts[0], Subsignal)
            return platform.request(name, number, dir="-" if whole else {part.name: "-" for part in parts})
        except ResourceError:
            return None
