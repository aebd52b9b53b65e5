"""Arithmetic cells and what they are for, as behavioural Verilog: proven equal for all inputs.

Run as ``python -m dotforge.proof.cells [-o FILE] [NAME …]``. The specification is written in operators of Verilog, or
from what IEEE 754 says of an exact result; it shares nothing with the cell. ABC compares the two. A reduction network
is compared as it is once its inputs have stood for as many
cycles as it has registers in a row, for all groupings, occupancies and values.
"""

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click
from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic import carry, shifter
from ..arithmetic.float_adder import FloatAdder
from ..arithmetic.float_multiplier import FloatMultiplier
from ..arithmetic.heap import Heap, full_adder, half_adder
from ..arithmetic.integer_adder import IntegerAdder
from ..arithmetic.integer_multiplier import METHODS, IntegerMultiplier
from ..arithmetic.leading_zeros import leading_zeros
from ..block import Block
from ..console import say
from ..export.verilog import Port, convert
from ..formats.floating import FloatFormat
from ..formats.table import FP8_E5M2, IntegerFormat
from ..network.reduction.fan import Fan
from ..outcome import end_on_error
from ..tools import abc
from ..tools.files import write_json
from ..tools.process import ToolError
from .cell_specifications import fan_sums, float_product, float_sum, occupied_values
from .miter import latches

__all__ = ["CELLS", "Cell", "equal", "main"]

#: What is said of a cell that does what its specification says for all inputs.
EQUAL = "equal"


@dataclass(frozen=True)
class Cell:
    """A cell and its specification.

    Attributes
    ----------
    name : of the cell
    block : makes it
    body : of a Verilog module with its ports, in which its outputs are assigned
    inputs : in words
    given : input → what the cell gets for it
    masked : output → the output whose bits say, lane by lane, whether it means anything; it counts as zero elsewhere
    """

    name: str
    block: Callable[[], Block]
    body: str
    inputs: str
    given: dict[str, str] = field(default_factory=dict)
    masked: dict[str, str] = field(default_factory=dict)


class _Function(Block):
    """A function of values as a block."""

    module_name = "cell"
    o: Signal

    def __init__(
        self, function: Callable[..., Value], inputs: tuple[tuple[str, int], ...], width: int
    ) -> None:
        self.function, self.inputs = function, inputs
        super().__init__({**{name: In(bits) for name, bits in inputs}, "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(self.function(m, *(getattr(self, name) for name, _ in self.inputs)))
        return m


def _function(
    name: str, function: Callable[..., Value], inputs: dict[str, int], width: int, expression: str
) -> Cell:
    told = ", ".join(f"{port} of {bits} bits" if bits > 1 else f"bit {port}" for port, bits in inputs.items())
    body = expression if "assign" in expression else f"assign o = {expression};"
    return Cell(name, lambda: _Function(function, tuple(inputs.items()), width), body, told)


def _pair(values: tuple[Value, Value]) -> Value:
    return Cat(*values)


def _zeros(m: Module, value: Value) -> Value:
    count, any_set = leading_zeros(m, "zeros", value)
    return Cat(count & any_set.replicate(len(count)), any_set)


def _heap(m: Module, *values: Value) -> Value:
    heap = Heap(9)
    for shift, value in enumerate(values):
        heap.add(value, shift=shift)
    heap.add_constant(-77)
    (total,) = heap.compress(m)
    return total


def _multiplier(method: str, a: int, b: int) -> Cell:
    return Cell(
        f"integer multiplier, {method}, {a} × {b} bits",
        lambda: IntegerMultiplier(IntegerFormat(a), IntegerFormat(b), method=method),
        "assign o = $signed(a) * $signed(b);",
        f"two's complement of {a} and {b} bits",
    )


def _adder(overflow: str) -> Cell:
    exact = "wire signed [16:0] exact = $signed(a) + $signed(b); assign overflowed = exact[16] != exact[15];"
    saturated = "overflowed ? {exact[16], {15{!exact[16]}}} : exact[15:0]"
    return Cell(
        f"integer adder, {overflow}",
        lambda: IntegerAdder(IntegerFormat(16), overflow=overflow, flag=True),
        f"{exact} assign o = {saturated if overflow == 'saturate' else 'exact[15:0]'};",
        "two's complement of 16 bits",
    )


def _float(
    kind: str, block: Callable[[FloatFormat], Block], body: Callable[[int, int], str], form: FloatFormat
) -> Cell:
    return Cell(
        f"floating-point {kind}, {form.name}",
        lambda: block(form),
        body(form.exponent_bits, form.mantissa_bits),
        f"two of {form.width} bits, NaN and infinities among them",
    )


#: The highest one's place from above, and that there is one.
_ZEROS = "".join(f"a[{bit}] ? 5'd{16 + 15 - bit} : " for bit in reversed(range(16))) + "5'd0"

CELLS: tuple[Cell, ...] = (
    _function("full adder", lambda m, a, b, c: _pair(full_adder(a, b, c)), {"a": 1, "b": 1, "c": 1}, 2, "a + b + c"),
    _function("half adder", lambda m, a, b: _pair(half_adder(a, b)), {"a": 1, "b": 1}, 2, "a + b"),
    _function("carry-save heap, four values of weights 1, 2, 4 and 8, and a constant", _heap,
              {"a": 6, "b": 6, "c": 6, "d": 5}, 9, "a + 2 * b + 4 * c + 8 * d - 77"),
    _function("addition with carry", lambda m, a, b, c: _pair(carry.add(m, "s", a, b, c)),
              {"a": 24, "b": 24, "c": 1}, 25, "a + b + c"),
    _function("subtraction with borrow", lambda m, a, b, c: _pair(carry.subtract(m, "s", a, b, c)),
              {"a": 24, "b": 24, "c": 1}, 25, "{1'b0, a} - b - c"),
    _function("increment", lambda m, a, c: _pair(carry.increment(m, "s", a, c)), {"a": 24, "c": 1}, 25, "a + c"),
    _function("comparison", lambda m, a, b, c: carry.less_than(m, "s", a, b, c),
              {"a": 24, "b": 24, "c": 1}, 1, "a < b | (a == b & c)"),
    _function("addition of a constant", lambda m, a: carry.add_constant(m, "s", a, 0x5B3),
              {"a": 12}, 12, "a + 12'h5b3"),
    _function("comparison with a constant", lambda m, a: carry.at_least(m, "s", a, 0x5B3), {"a": 12}, 1,
              "a >= 12'h5b3"),
    _function("shift right with a sticky bit", lambda m, a, n: _pair(shifter.align(m, "s", a, n)),
              {"a": 27, "n": 5}, 28, "{|(a & ~({27{1'b1}} << n)), a >> n}"),
    _function("count of leading zeros", _zeros, {"a": 16}, 5, _ZEROS),
    _function("shift left without loss", lambda m, a, n: shifter.shift_left(m, "s", a, n),
              {"a": 16, "n": 4}, 31, "a << n"),
    *(_multiplier(method, a, b) for method in METHODS for a, b in ((4, 4), (6, 6), (3, 7))),
    _adder("wrap"),
    _adder("saturate"),
    _float("adder", FloatAdder, float_sum, FP8_E5M2),
    _float("multiplier", lambda form: FloatMultiplier(form, product=form), float_product, FP8_E5M2),
    Cell("FAN of 8 lanes, all groupings and occupancies", lambda: Fan(8, sum_format=IntegerFormat(2), id_width=1),
         fan_sums(8, 2, 1), "8 values of 2 bits, ids of one bit, lanes empty or not",
         {"values": occupied_values(8, 2)}, {"sums": "sum_valid", "sum_ids": "sum_valid"}),
)  # fmt: skip

#: Inputs up to which diagrams of all of them are built; above that, SAT.
_FEW = 16

#: Cycles after which inputs of a block with registers have stood for long.
_STOOD = 6


def equal(cell: Cell, *, seconds: int = 60, broken: str = "") -> str:
    """Compare a cell with its specification: ``equal``, ``differs``, or ``undecided``.

    Parameters
    ----------
    cell : what is compared
    seconds : that the comparison may take
    broken : another body of the specification

    Raises
    ------
    ToolError
        A tool failed, or there is no ABC here.
    """
    design = convert(cell.block(), name="cell_under_proof")
    # What stands still: no reset, every stage enabled.
    still = {"clk": "clk", "rst": "1'b0", "enable": "1'b1", "valid": "1'b1"}
    free = [p for p in design.ports if p.direction == "input" and p.name not in still]
    outputs = [p for p in design.ports if p.direction == "output" and p.name not in ("idle",)]
    heads = [f"input [{p.width - 1}:0] {p.name}" for p in free]
    results = [f"output [{p.width - 1}:0] {p.name}" for p in outputs]
    links = [f".{p.name}({cell.given.get(p.name, p.name)})" for p in free]
    links += [f".{p.name}({still[p.name]})" for p in design.ports if p.name in still]
    own = []
    widths = {port.name: port.width for port in design.ports}
    for port in outputs:
        links.append(f".{port.name}(raw_{port.name})")
        mask = "~0"
        if flag := cell.masked.get(port.name):
            lanes = reversed(range(widths[flag]))
            mask = ", ".join(f"{{{port.width // widths[flag]}{{raw_{flag}[{lane}]}}}}" for lane in lanes)
            mask = f"{{{mask}}}"
        own.append(
            f"wire [{port.width - 1}:0] raw_{port.name}; assign {port.name} = raw_{port.name} & {mask};"
        )
    header = f"({', '.join(['input clk', *heads, *results])});"
    gold = f"module gold{header} {broken or cell.body} endmodule\n"
    gate = f"module gate{header} {' '.join(own)} {design.top} cell ({', '.join(links)}); endmodule\n"
    script = [
        "read_verilog cell.v",
        "hierarchy -check",
        "proc",
        "flatten",
        "miter -equiv -flatten gold gate miter",
    ]
    script += ["read_verilog standing.v"]
    files = {"cell.v": design.verilog + gold + gate, "standing.v": _standing(free)}
    registers = any(port.name == "clk" for port in design.ports)
    blif = latches(script, files, "standing" if registers else "miter")
    commands = ["read_blif miter.blif", "strash", "zero"]
    if registers:
        commands += ["scorr", f"bmc3 -F {_STOOD + 2} -T {seconds}"]
    elif sum(port.width for port in free) <= _FEW:
        commands += ["collapse", "strash", "sat"]
    else:
        commands += ["fraig", "iprove"]
    try:
        said = abc.run(commands, {"miter.blif": blif}, [""], timeout=seconds + 10)[""]
    except ToolError as error:
        if "did not end" in str(error):
            return "undecided"
        raise
    if f"No output asserted in {_STOOD + 2} frames" in said:
        return EQUAL
    if "was asserted in frame" in said:
        return "differs"
    if re.search(r"^UNSATISFIABLE|is UNSATISFIABLE|Networks are equivalent", said, re.M):
        return EQUAL
    if re.search(r"^SATISFIABLE|is SATISFIABLE", said, re.M):
        return "differs"
    return "undecided"


def _standing(free: list[Port]) -> str:
    """Return a module around the miter, whose inputs are those of its first cycle; it compares when they have stood."""
    heads = ", ".join(f"input [{port.width - 1}:0] {port.name}" for port in free)
    held = "".join(f"reg [{port.width - 1}:0] held_{port.name} = 0;" for port in free)
    kept = " ".join(f"held_{port.name} <= {port.name};" for port in free)
    links = "".join(f", .in_{port.name}(held_{port.name})" for port in free)
    return f"""module standing(input clk, {heads}, output bad);
  reg [3:0] count = 0; {held} wire trigger;
  always @(posedge clk) begin if (count == 0) begin {kept} end if (count != {_STOOD}) count <= count + 1; end
  miter miter (.in_clk(clk){links}, .trigger(trigger));
  assign bad = trigger & count == {_STOOD};
endmodule
"""


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="file of the verdicts")
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True, help="of each cell")
@click.argument("names", nargs=-1, metavar="[NAME]…")
def main(output: Path | None, seconds: int, names: tuple[str, ...]) -> int:
    """Compare the cells of that name, or all; ends with 1 where one differs."""
    known = {cell.name: cell for cell in CELLS}
    for name in names:
        if name not in known:
            raise click.UsageError(f"cell {name}: allowed are {'; '.join(known)}")
    records = []
    for cell in [known[name] for name in names] or CELLS:
        started = time.monotonic()
        verdict = equal(cell, seconds=seconds)
        say(f"{cell.name}: {time.monotonic() - started:.1f} s")
        click.echo(f"{cell.name}: {verdict}")
        records.append({"cell": cell.name, "inputs": cell.inputs, "verdict": verdict})
    if output is not None:
        write_json(output, records)
    return int(any(each["verdict"] == "differs" for each in records))


if __name__ == "__main__":
    sys.exit(end_on_error(main))
