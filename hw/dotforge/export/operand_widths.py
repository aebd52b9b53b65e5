"""Operands of one width, so that Verilog says what it means.

Amaranth drops leading zeros of an operand: ``level < some`` of four bits and three. That is correct Verilog, and a
warning in every linter. Here the zeros are put back.
"""

import re

__all__ = ["equal_widths"]

_CELL = re.compile(r"^ *cell \$(?:add|sub|lt|le|gt|ge|eq|ne) .*?^ *end$", re.M | re.S)
_OPERAND = r"^( *connect \\{} )(.*)$"


def _number(cell: str, name: str) -> int:
    found = re.search(rf"parameter (?:signed )?\\{name} (\S+)", cell)
    assert found is not None
    return int(found[1].rpartition("'")[2], 2 if "'" in found[1] else 10)


def _extended(found: re.Match[str]) -> str:
    cell = found[0]
    widths = {port: _number(cell, f"{port}_WIDTH") for port in "AB"}
    wanted = max(widths.values())
    if cell.lstrip().startswith(("cell $add ", "cell $sub ")):
        wanted = max(wanted, _number(cell, "Y_WIDTH"))
    if _number(cell, "A_SIGNED") or _number(cell, "B_SIGNED"):
        return cell
    for port, width in widths.items():
        if width < wanted:
            zeros = f"{wanted - width}'{'0' * (wanted - width)}"
            cell = re.sub(
                _OPERAND.format(port), lambda line, z=zeros: f"{line[1]}{{ {z} {line[2]} }}", cell, flags=re.M
            )
            cell = re.sub(rf"(\\{port}_WIDTH )\S+", rf"\g<1>{wanted}", cell)
    return cell


def equal_widths(rtlil: str) -> str:
    """Return a module with operands of additions and comparisons extended to one width; unsigned ones only."""
    return _CELL.sub(_extended, rtlil)
