"""The outermost level on a board: pins around the self-test."""

from typing import Any

from amaranth.build.res import ResourceError
from amaranth.hdl import ClockSignal, Elaboratable, Instance, Module, ResetSignal, Signal
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
            pin = self._pin(platform, "button_fire", index) or self._pin(platform, "button", index)
            pressed.append(level := Signal(name=f"button_{index}"))
            if pin is not None:
                m.submodules[f"button_{index}"] = FFSynchronizer(pin.i, level)
        running, passed, failed, tx = Signal(), Signal(), Signal(), Signal()
        m.submodules.selftest = Instance(
            self.name,
            ("i", "clk", ClockSignal()),
            ("i", "rst", ResetSignal() | pressed[0]),
            ("i", "disturb", pressed[1]),
            ("o", "running", running),
            ("o", "passed", passed),
            ("o", "failed", failed),
            ("o", "tx", tx),
        )
        for index, (colour, value) in enumerate((("led_g", passed), ("led_r", failed), ("", running))):
            led = (self._pin(platform, colour, 0) if colour else None) or self._pin(platform, "led", index)
            if led is not None:
                m.d.comb += led.o.eq(value)
        uart = self._pin(platform, "uart", 0)
        if uart is not None:
            m.d.comb += uart.tx.o.eq(tx)
        return m

    @staticmethod
    def _pin(platform: Any, name: str, number: int) -> Any:
        """Return a pin of the board, ``None`` where it has no such."""
        try:
            return platform.request(name, number)
        except ResourceError:
            return None
