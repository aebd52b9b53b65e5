"""AXI4-Lite slave: takes the bus apart into single-cycle accesses to registers.

::

    aw ─► address ─┐
    w  ─► data ────┴─► write, write_address … ─► registers ─► write_response ─► b
    ar ─► address ───► read, read_address     ─► registers ─► read_data …    ─► r

One write and one read may be under way at a time, independently of each other; an address and its data may come in
either order. Each access is shown to the registers for one cycle, in which they answer.
"""

from enum import IntEnum
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["PORTS", "AxiLite", "Response", "ports", "strobed"]

#: Bits and bytes of a word.
WORD, BYTES = 32, 4


class Response(IntEnum):
    """What the slave says of an access."""

    #: Done.
    OKAY = 0
    #: There is such a register, but it refuses this access: nothing has changed.
    SLVERR = 2
    #: There is no register at this address: nothing has changed, and zeros are read.
    DECERR = 3


#: Signal → (whether the master drives it, bits; 0 for those of an address).
PORTS = {
    "awaddr": (True, 0),
    "awprot": (True, 3),
    "awvalid": (True, 1),
    "awready": (False, 1),
    "wdata": (True, WORD),
    "wstrb": (True, BYTES),
    "wvalid": (True, 1),
    "wready": (False, 1),
    "bresp": (False, 2),
    "bvalid": (False, 1),
    "bready": (True, 1),
    "araddr": (True, 0),
    "arprot": (True, 3),
    "arvalid": (True, 1),
    "arready": (False, 1),
    "rdata": (False, WORD),
    "rresp": (False, 2),
    "rvalid": (False, 1),
    "rready": (True, 1),
}


def ports(prefix: str, address_width: int) -> dict[str, Any]:
    """Return the members of a signature that are a slave's side of the bus: ``<prefix>_awaddr`` and so on.

    Parameters
    ----------
    prefix : of all names
    address_width : bits of a byte address
    """
    return {
        f"{prefix}_{name}": (In if driven else Out)(width or address_width)
        for name, (driven, width) in PORTS.items()
    }


def strobed(old: Value, data: Value, strobes: Value) -> Value:
    """Return a register's next value: bytes of ``data`` where their strobe is set, others as they were.

    Parameters
    ----------
    old : the register, up to 32 bits
    data : what is written, 32 bits
    strobes : a bit a byte, 4 bits
    """
    mask = Cat(*(strobes[byte].replicate(8) for byte in range(BYTES)))[: len(old)]
    return (old & ~mask) | (data[: len(old)] & mask)


class AxiLite(Block):
    """AXI4-Lite slave of 32-bit words.

    The two low bits of an address are ignored, as the strobes tell which bytes of a word are written; ``prot`` is
    ignored. The ready outputs are low in reset and in the cycle after it.

    Parameters
    ----------
    address_width : bits of a byte address, 3…64

    Interface attributes
    --------------------
    s_axi_… : the bus, see :data:`PORTS`
    write : a word is written in this cycle, and never in two cycles that follow each other
    write_address : which word (byte address / 4)
    write_data, write_strobes : the word, and which bytes of it are written
    write_response : :class:`Response` of the registers, in the same cycle
    read, read_address : a word is read in this cycle
    read_data, read_response : of the registers, in the same cycle
    latency : 2 from an address (and its data) to the response, where the master is ready for it

    Raises
    ------
    ValueError
        ``address_width`` is not in its range.
    """

    write: Signal
    write_address: Signal
    write_data: Signal
    write_strobes: Signal
    write_response: Signal
    read: Signal
    read_address: Signal
    read_data: Signal
    read_response: Signal
    latency = 2

    def __init__(self, *, address_width: int) -> None:
        if not 3 <= address_width <= 64:
            raise ValueError(f"address_width={address_width}: allowed 3…64")
        self.address_width = address_width
        words = address_width - 2
        super().__init__(
            {
                **ports("s_axi", address_width),
                "write": Out(1),
                "write_address": Out(words),
                "write_data": Out(WORD),
                "write_strobes": Out(BYTES),
                "write_response": In(2),
                "read": Out(1),
                "read_address": Out(words),
                "read_data": In(WORD),
                "read_response": In(2),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        started = Signal()  # keeps the ready outputs low in reset
        m.d.sync += started.eq(1)

        # What is accepted stays until its response has left.
        answered = Signal()
        address = self._accept(m, "aw", answered, started, {"write_address": self._port("awaddr")[2:]})
        data = self._accept(
            m,
            "w",
            answered,
            started,
            {"write_data": self._port("wdata"), "write_strobes": self._port("wstrb")},
        )
        valid, ready = self._port("bvalid"), self._port("bready")
        m.d.comb += [self.write.eq(address & data & ~valid), answered.eq(valid & ready)]
        m.d.sync += valid.eq(self.write | (valid & ~ready))
        with m.If(self.write):
            m.d.sync += self._port("bresp").eq(self.write_response)

        fetched = Signal()
        address = self._accept(m, "ar", fetched, started, {"read_address": self._port("araddr")[2:]})
        valid, ready = self._port("rvalid"), self._port("rready")
        m.d.comb += [self.read.eq(address & ~valid), fetched.eq(valid & ready)]
        m.d.sync += valid.eq(self.read | (valid & ~ready))
        with m.If(self.read):
            m.d.sync += [
                self._port("rdata").eq(self.read_data),
                self._port("rresp").eq(self.read_response),
            ]
        return m

    def _port(self, name: str) -> Signal:
        return getattr(self, f"s_axi_{name}")

    def _accept(self, m: Module, channel: str, done: Value, started: Value, kept: dict[str, Value]) -> Signal:
        """Take one item of a channel and keep it until ``done``; returns whether there is one."""
        full = Signal(name=f"{channel}_full")
        valid, ready = self._port(f"{channel}valid"), self._port(f"{channel}ready")
        m.d.comb += ready.eq(started & ~full)
        m.d.sync += full.eq((full | (valid & ready)) & ~done)
        with m.If(valid & ready):
            for name, value in kept.items():
                m.d.sync += getattr(self, name).eq(value)
        return full
