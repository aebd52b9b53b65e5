"""Arithmetic that repeats is compiled once, and gives what it gave where it was."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from dotforge.arithmetic.float_adder import FloatAdder
from dotforge.export.verilog import convert
from dotforge.formats.floating import FP32
from dotforge_sim.simulator import cache, native, units
from dotforge_sim.simulator.cosim import evaluate
from dotforge_sim.simulator.units import without_units

SEED = 31


@dataclass(frozen=True)
class Port:
    name: str
    direction: str
    width: int


#: As `convert` writes: gates and a register that is held, of a width up to 32, up to 64 and above 64 bits.
LEAF = """module held_{width}(a, b, en, clk, o);
  input [{top}:0] a;
  wire [{top}:0] a;
  input [{top}:0] b;
  wire [{top}:0] b;
  input en;
  wire en;
  input clk;
  wire clk;
  output [{top}:0] o;
  reg [{top}:0] o = {width}'d0;
  wire [{top}:0] both;
  wire [{top}:0] next;
  always @(posedge clk)
    o <= next;
  assign both = a ^ {{ b[0], b[{top}:1] }};
  assign next = en ? both : o;
endmodule
"""

#: Three of them in a row; all are enabled by bits of `en`.
ROW = """
module row(a, b, en, clk, first, last);
  input [{top}:0] a, b;
  input [1:0] en;
  input clk;
  output [{top}:0] first, last;
  wire [{top}:0] middle;
  held_{width} one (
    .a(a),
    .b(b),
    .clk(clk),
    .en(en[0]),
    .o(first)
  );
  held_{width} two (
    .a(first),
    .b(b),
    .clk(clk),
    .en(en[1]),
    .o(middle)
  );
  held_{width} three (
    .a(middle),
    .b(a),
    .clk(clk),
    .en(1'h1),
    .o(last)
  );
endmodule
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cache of its own, so that no unit is there already; with the runtime that all tests share."""
    own, shared = tmp_path_factory.mktemp("cache"), cache.root()
    for path in shared.glob("runtime-*"):
        if path.is_dir():
            (own / path.name).symlink_to(path)
    return str(own)


@pytest.fixture(autouse=True)
def every_module_is_worth_it(monkeypatch: pytest.MonkeyPatch, models: str) -> None:
    monkeypatch.setattr(units, "_WORTH", 1)
    monkeypatch.setattr(native.Compilation, "is_first", False)
    monkeypatch.setenv("DOTFORGE_CACHE", models)


def row(width: int, leaf: str = LEAF) -> str:
    return leaf.format(width=width, top=width - 1) + ROW.format(width=width, top=width - 1)


def golden(width: int, a: list[int], b: list[int], en: list[int]) -> tuple[list[int], list[int]]:
    def mixed(x: int, y: int) -> int:
        return x ^ ((y & 1) << (width - 1) | y >> 1)

    one = two = three = 0
    first, last = [], []
    for x, y, enabled in zip(a, b, en, strict=True):
        first.append(one)
        last.append(three)
        three, two, one = (
            mixed(two, x),
            mixed(one, y) if enabled & 2 else two,
            mixed(x, y) if enabled & 1 else one,
        )
    return first, last


def run(verilog: str, width: int, rows: int = 400) -> int:
    """Return how many outputs differ from golden."""
    print("seed", SEED)
    random = np.random.default_rng(SEED)
    # Few values, so that some results are remembered, and many rows.
    words = [int.from_bytes(random.bytes(width // 8), "little") for _ in range(6)]
    a, b = ([words[i] for i in random.integers(0, 6, rows)] for _ in range(2))
    en = random.integers(0, 4, rows).tolist()
    listed = [("a", "input", width), ("b", "input", width), ("en", "input", 2), ("clk", "input", 1)]
    listed += [("first", "output", width), ("last", "output", width)]
    found = evaluate(verilog, "row", [Port(*each) for each in listed], {"a": a, "b": b, "en": en})
    wanted = golden(width, a, b, en)
    differ = 0
    for name, values in zip(("first", "last"), wanted, strict=True):
        given = found[name]
        given = [int.from_bytes(value.tobytes(), "little") if width > 64 else int(value) for value in given]
        differ += sum(one != other for one, other in zip(given, values, strict=True))
    return differ


@pytest.mark.parametrize("width", [24, 64, 96])
def test_units_give_what_their_modules_gave(width: int) -> None:
    text, found = without_units(row(width), "row")
    (unit,) = found
    assert unit.inputs == (width, width, 1, width)
    assert unit.outputs == (width,)
    assert "both" not in text
    before = cache.count("unit-")
    assert run(row(width), width) == 0
    assert cache.count("unit-") == before + 1


def test_results_that_are_remembered_wrongly_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = units.Unit.function.fget
    assert right is not None
    wrong = property(
        lambda unit: right(unit).replace(
            "std::memcmp(&result.operands, &operands,", "std::memcmp(&operands, &operands,"
        )
    )
    monkeypatch.setattr(units.Unit, "function", wrong)
    assert run(row(32), 32) > 100


def test_a_unit_that_differs_is_seen() -> None:
    assert run(row(24, LEAF.replace("a ^ ", "a | ")), 24) > 100


def test_designs_share_units() -> None:
    models, made = cache.count("model-"), cache.count("unit-")
    assert run(row(40), 40) == 0
    assert run(row(40).replace("held_40", "kept_40"), 40) == 0
    assert cache.count("model-") == models + 2
    assert cache.count("unit-") == made + 1


@pytest.mark.parametrize(
    "change",
    [
        ("  wire [23:0] both;\n", "  reg [23:0] both [3:0];\n"),
        ("  always @(posedge clk)", "  always @(negedge clk)"),
        ("  assign both =", "  initial $display(1);\n  assign both ="),
        ("  reg [23:0] o = 24'd0;", "  wire [23:0] o;\n  reg [23:0] kept = 24'd0;"),
    ],
    ids=["memory", "other edge", "statement", "output beside registers"],
)
def test_what_is_more_than_gates_and_registers_stays(change: tuple[str, str]) -> None:
    text = row(24).replace(*change)
    assert text != row(24)
    assert without_units(text, "row") == (text, [])


def test_what_does_not_repeat_stays() -> None:
    text = row(24)
    assert without_units(text, "held_24") == (text, [])


@pytest.mark.parametrize("whole", [False, True])
def test_what_looks_inside_has_all_signals(whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(verilator, work, prefix, top, verilog, *rest):
        raise native.NoVerdict("both" if "both" in verilog else "a call")

    monkeypatch.setattr(native, "_verilate", stop)
    monkeypatch.setattr(native, "_unit_object", lambda *given: None)
    with pytest.raises(native.NoVerdict, match="both" if whole else "a call"):
        native.build(native.Sources(row(24), "row", "", whole=whole))


@pytest.mark.parametrize("pipeline", [0, 1, 2])
def test_arithmetic_of_engines_is_taken_out(pipeline: int) -> None:
    """A pair of adders: what `convert` writes is what this reads."""
    adder = convert(FloatAdder(FP32, pipeline=pipeline))
    instance = "  {0} {1} (\n    .a(a)\n  );\n"
    pair = "".join(instance.format(adder.top, name) for name in ("one", "two"))
    text = f"{adder.verilog}\nmodule pair(a);\n{pair}endmodule\n"
    assert len(without_units(text, "pair")[1]) == 1
    assert re.search(r'import "DPI-C" pure function', without_units(text, "pair")[0])
