"""Proof by induction, on the Verilog, of what a master of the AXI4-Lite slave relies on.

No response without a request, a response stays as it is until it is taken, each write reaches its register once with
the address, the data and the strobes that were accepted, and changes the bytes that the strobes name and no others.
"""

import re

import pytest

from dotforge.block import Block
from dotforge.export.verilog import convert
from dotforge.stream.axi_lite import AxiLite

from ..network.test_distribution_formal import prove
from .axi_lite_registers import ADDRESS_WIDTH, Registers

#: Of the slave alone, whatever it is offered on either side. Names begin with f_: none is in the Verilog.
SLAVE = """
    reg f_past = 0, f_reset = 0;
    reg f_aw = 0, f_w = 0, f_ar = 0, f_write = 0, f_read = 0;
    reg [2:0] f_awaddr = 0, f_araddr = 0;
    reg [31:0] f_wdata = 0;
    reg [3:0] f_wstrb = 0;
    reg f_b_waits = 0, f_r_waits = 0;
    reg [1:0] f_was_bresp = 0, f_was_rresp = 0, f_said_b = 0, f_said_r = 0;
    reg [31:0] f_was_rdata = 0, f_said_data = 0;
    wire f_take_aw = s_axi_awvalid & s_axi_awready, f_take_w = s_axi_wvalid & s_axi_wready;
    wire f_take_ar = s_axi_arvalid & s_axi_arready;
    wire f_give_b = s_axi_bvalid & s_axi_bready, f_give_r = s_axi_rvalid & s_axi_rready;
    always @(posedge clk) begin
      f_past <= 1;
      f_reset <= rst;
      f_aw <= !rst & (f_aw | f_take_aw) & !f_give_b;
      f_w <= !rst & (f_w | f_take_w) & !f_give_b;
      f_ar <= !rst & (f_ar | f_take_ar) & !f_give_r;
      f_write <= !rst & (f_write | write) & !f_give_b;
      f_read <= !rst & (f_read | read) & !f_give_r;
      if (f_take_aw) f_awaddr <= s_axi_awaddr[4:2];
      if (f_take_w) begin f_wdata <= s_axi_wdata; f_wstrb <= s_axi_wstrb; end
      if (f_take_ar) f_araddr <= s_axi_araddr[4:2];
      if (write) f_said_b <= write_response;
      if (read) begin f_said_r <= read_response; f_said_data <= read_data; end
      f_b_waits <= !rst & s_axi_bvalid & !s_axi_bready;
      f_r_waits <= !rst & s_axi_rvalid & !s_axi_rready;
      f_was_bresp <= s_axi_bresp; f_was_rresp <= s_axi_rresp; f_was_rdata <= s_axi_rdata;
    end
    always @* begin
      assume (f_past | rst);
      if (f_past) begin
        // One request of a kind is under way, and a response only when there is one.
        assert (!(f_aw & s_axi_awready) & !(f_w & s_axi_wready) & !(f_ar & s_axi_arready));
        assert (!s_axi_bvalid | (f_aw & f_w & f_write));
        assert (!s_axi_rvalid | (f_ar & f_read));
        // The registers see each access once, as it was accepted.
        assert (!write | (f_aw & f_w & !f_write));
        assert (!write | (write_address == f_awaddr & write_data == f_wdata & write_strobes == f_wstrb));
        assert (!read | (f_ar & !f_read & read_address == f_araddr));
        // Whoever asked is answered in the next cycle, with what the registers said.
        assert (!(f_aw & f_w) | write | s_axi_bvalid);
        assert (!f_ar | read | s_axi_rvalid);
        assert (f_write == s_axi_bvalid & f_read == s_axi_rvalid);
        assert (!s_axi_bvalid | s_axi_bresp == f_said_b);
        assert (!s_axi_rvalid | (s_axi_rresp == f_said_r & s_axi_rdata == f_said_data));
        // A response stays until it is taken.
        assert (!f_b_waits | (s_axi_bvalid & s_axi_bresp == f_was_bresp));
        assert (!f_r_waits | (s_axi_rvalid & s_axi_rresp == f_was_rresp & s_axi_rdata == f_was_rdata));
        // A slave in reset takes nothing and says nothing.
        assert (!f_reset | !(s_axi_awready | s_axi_wready | s_axi_arready | s_axi_bvalid | s_axi_rvalid));
        // What induction has to know: what was accepted is what is kept.
        assert (f_aw == aw_full & f_w == w_full & f_ar == ar_full);
        assert (!f_aw | write_address == f_awaddr);
        assert (!f_w | (write_data == f_wdata & write_strobes == f_wstrb));
        assert (!f_ar | read_address == f_araddr);
      end
    end
"""

#: Of the registers behind it: bytes without a strobe, and registers that are not written, keep what they hold.
REGISTERS = """
    reg f_past = 0, f_reset = 0, f_written = 0;
    reg [2:0] f_address = 0;
    reg [31:0] f_data = 0, f_was_0 = 0, f_mask = 0;
    reg [11:0] f_was_1 = 0;
    always @(posedge clk) begin
      f_past <= 1; f_reset <= rst; f_written <= write; f_address <= write_address; f_data <= write_data;
      f_mask <= {{8{write_strobes[3]}}, {8{write_strobes[2]}}, {8{write_strobes[1]}}, {8{write_strobes[0]}}};
      f_was_0 <= register_0; f_was_1 <= register_1;
    end
    always @* begin
      assume (f_past | rst);
      if (f_past & !f_reset) begin
        assert (register_0 == (f_written & f_address == 0 ? f_was_0 & ~f_mask | f_data & f_mask : f_was_0));
        assert (register_1 == (f_written & f_address == 1
                               ? f_was_1 & ~f_mask[11:0] | f_data[11:0] & f_mask[11:0] : f_was_1));
      end
      assert (write_response == (write_address < 2 ? 0 : write_address == 2 ? 2 : 3));
      assert (read_response == (read_address < 3 ? 0 : 3));
    end
"""


def with_properties(block: Block, properties: str) -> tuple[str, str]:
    design = convert(block)
    assert not re.search(r"\bf_", design.verilog)
    start = design.verilog.index(f"module {design.top}(")
    end = design.verilog.index("endmodule", start)
    return design.verilog[:end] + properties + design.verilog[end:], design.top


@pytest.fixture(scope="module")
def slave() -> tuple[str, str]:
    return with_properties(AxiLite(address_width=ADDRESS_WIDTH), SLAVE)


@pytest.fixture(scope="module")
def registers() -> tuple[str, str]:
    return with_properties(Registers(), REGISTERS)


def test_the_slave_keeps_the_protocol(slave: tuple[str, str]) -> None:
    assert "Induction step proven: SUCCESS!" in prove(*slave)


def test_strobes_pick_bytes(registers: tuple[str, str]) -> None:
    assert "Induction step proven: SUCCESS!" in prove(*registers)


def broken(proof: tuple[str, str], pattern: str, replacement: str) -> str:
    verilog, top = proof
    mutated, count = re.subn(pattern, replacement, verilog)
    assert count == 1, f"{count} places are like {pattern}"
    return prove(mutated, top)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"(assign s_axi_awready = ).*;", r"\1 1'h1;"),  # takes an address while it keeps another one
        (r"s_axi_bvalid <= \w+;", "s_axi_bvalid <= !rst & write;"),  # does not wait for ready
        (r"s_axi_bvalid <= \w+;", "s_axi_bvalid <= !rst & aw_full;"),  # does not wait for the data
        (r"(assign write = )\w+ & \w+;", r"\1 aw_full & w_full;"),  # writes again while the response waits
        (r"s_axi_rdata <= \w+;", "s_axi_rdata <= read_data;"),  # changes while it waits
        (r"  write_strobes <= \w+;", "  write_strobes <= s_axi_wstrb;"),  # strobes of another write
        (r"started <= \w+;", "started <= 1;"),  # ready in reset
    ],
)
def test_a_broken_slave_is_not_proven(slave: tuple[str, str], pattern: str, replacement: str) -> None:
    assert "SUCCESS" not in broken(slave, pattern, replacement)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"register_0 <= (\w+);", r"register_0 <= write ? write_data : \1;"),  # strobes and address ignored
        (r"write_data\[11:0\] & \{", "12'hfff & {"),
    ],
)
def test_broken_registers_are_not_proven(registers: tuple[str, str], pattern: str, replacement: str) -> None:
    assert "SUCCESS" not in broken(registers, pattern, replacement)
