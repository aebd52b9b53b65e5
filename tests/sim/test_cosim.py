"""Batch evaluation of blocks without streams."""

from dataclasses import dataclass

import numpy as np
import pytest

from dotforge_sim.simulator import words
from dotforge_sim.simulator.cosim import SimulatorError, evaluate
from dotforge_sim.simulator.native import NoVerdict

SEED = 20


@dataclass(frozen=True)
class Port:
    name: str
    direction: str
    width: int


def port_list(text: str) -> list[Port]:
    """Read ``"<a:16 <b:16 >s:17"``: inputs ``<``, outputs ``>``."""
    kinds = {"<": "input", ">": "output"}
    pairs = [item.split(":") for item in text.split()]
    return [Port(name[1:], kinds[name[0]], int(width)) for name, width in pairs]


ADDER = """
module adder(input clk, input rst, input [15:0] a, input [15:0] b,
             output reg [16:0] sum, output reg [7:0] count);
  reg [16:0] first = 0;
  initial count = 0;
  always @(posedge clk) begin
    first <= a + b;
    sum <= first;
    count <= rst ? 8'd0 : count + 8'd1;
  end
endmodule
"""
ADDER_PORTS = port_list("<clk:1 <rst:1 <a:16 <b:16 >sum:17 >count:8")


def adder(verilog=ADDER, **inputs):
    return evaluate(verilog, "adder", ADDER_PORTS, inputs, latency=2)


def test_pipelined_rows_line_up():
    print("seed", SEED)
    random = np.random.default_rng(SEED)
    a, b = random.integers(0, 1 << 16, (2, 5000))
    out = adder(a=a, b=b)
    assert np.array_equal(out["sum"], a + b)
    assert out["sum"].dtype == np.uint32
    # Row 0 of a latency of 2 is the third cycle after reset.
    assert np.array_equal(out["count"][:10], np.arange(2, 12))


def test_broken_adder_is_seen():
    random = np.random.default_rng(SEED)
    a, b = random.integers(0, 1 << 16, (2, 5000))
    broken = ADDER.replace("a + b", "a + (b & 16'hfffe)")
    assert not np.array_equal(adder(broken, a=a, b=b)["sum"], a + b)
    shallow = ADDER.replace("sum <= first", "sum <= a + b")
    assert not np.array_equal(adder(shallow, a=a, b=b)["sum"], a + b)


def test_held_and_short_inputs():
    out = adder(a=np.arange(100), b=7)
    assert np.array_equal(out["sum"], np.arange(100) + 7)
    out = adder(a=np.arange(100), b=[1, 2])
    assert np.array_equal(out["sum"], np.arange(100) + np.minimum(np.arange(100), 1) + 1)
    out = evaluate(ADDER, "adder", ADDER_PORTS, {"a": 3, "b": 4}, 5, latency=2, outputs=["sum"])
    assert list(out) == ["sum"]
    assert out["sum"].tolist() == [7] * 5


@pytest.mark.parametrize("width", [1, 8, 16, 24, 32, 33, 64, 65, 128, 500])
def test_any_width(width):
    print("seed", SEED)
    random = np.random.default_rng(SEED + width)
    verilog = f"""
    module flip(input [{width - 1}:0] \\and , input [{width - 1}:0] double, output [{width - 1}:0] \\class );
      assign \\class = ~\\and ^ double;
    endmodule"""
    ports = [
        Port("\\and ", "input", width),
        Port("double", "input", width),
        Port("\\class ", "output", width),
    ]
    a, b = ([int.from_bytes(random.bytes(63), "little") % (1 << width) for _ in range(50)] for _ in "ab")
    a[0], b[0] = (1 << width) - 1, 0
    out = evaluate(verilog, "flip", ports, {"\\and ": a, "double": b})["\\class "]
    mask = (1 << width) - 1
    assert words.to_integers(out, width) == [~x & mask ^ y for x, y in zip(a, b, strict=True)]
    if width > 64:
        rows = words.to_words(a, width)
        again = evaluate(verilog, "flip", ports, {"\\and ": rows, "double": b})["\\class "]
        assert np.array_equal(again, out)


def test_signed_values():
    verilog = "module neg(input signed [4:0] a, output signed [5:0] y); assign y = -a; endmodule"
    values = np.arange(-16, 16)
    out = evaluate(verilog, "neg", port_list("<a:5 >y:6"), {"a": values})
    assert np.array_equal(words.signed(out["y"], 6), -values)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"a": [0], "b": [1 << 16]}, "b: 65536 does not fit in 16 bits"),
        ({"a": np.array([-32769]), "b": 0}, "a: -32769 does not fit in 16 bits"),
        ({"a": [], "b": 0}, "a: no value is given"),
        ({"a": 1}, "no such or no value for input: b"),
        ({"a": 1, "b": 1, "c": 1}, "not an input of the block: c"),
        ({"a": np.zeros((2, 2), int), "b": 1}, "a: one dimension is wanted"),
    ],
)
def test_wrong_inputs(inputs, message):
    with pytest.raises(ValueError, match=message):
        adder(**inputs)


def test_floats_are_refused():
    with pytest.raises(TypeError, match="a: integers are wanted, not float64"):
        adder(a=np.ones(3), b=1)
    with pytest.raises(TypeError, match="a: integers are wanted, not float"):
        words.to_words([1.0], 65, "a")


def test_unreadable_verilog():
    with pytest.raises(NoVerdict, match=r"Verilator failed: .*syntax error"):
        evaluate("module adder(input a; endmodule", "adder", ADDER_PORTS, {"a": 1, "b": 1})


def test_failed_assertion():
    verilog = """
    module checked(input clk, input [7:0] a, output [7:0] y);
      assign y = a;
      always @(posedge clk) assert (a != 8'd77);
    endmodule"""
    ports = port_list("<clk:1 <a:8 >y:8")
    assert evaluate(verilog, "checked", ports, {"a": np.arange(77)})["y"].tolist() == list(range(77))
    with pytest.raises(SimulatorError, match="Assertion failed"):
        evaluate(verilog, "checked", ports, {"a": np.arange(80)})


def test_time_limit():
    with pytest.raises(NoVerdict, match=r"did not end within 0\.05 s"):
        evaluate(ADDER, "adder", ADDER_PORTS, {"a": 1, "b": 1}, 20_000_000, timeout=0.05)
