"""What each module is, as a line of comment above it, and Verilog without those lines.

Names of wires inside an arithmetic cell say little; from these lines a reader of the Verilog learns what it computes.
Words are no hardware: the sha256 by which reports, benches and figures name a design is that of the text without them,
the same as ``grep -v '^//' TOP.v | sha256sum`` gives.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what only hashes a text does without Amaranth
    from ..block import Block

__all__ = ["code", "code_sha256", "comment"]

_COMMENT = re.compile(r"^//.*\n", re.M)
#: A role of a docstring: what is meant is the last part of a name.
_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")
_COLUMNS = 118
_ASCII = str.maketrans(
    {"−": "-", "·": "*", "×": "x", "Σ": "sum ", "≤": "<=", "≥": ">=", "…": "...", "²": "^2"}
)


def comment(block: Block) -> str:
    """Return the first line of a block's docstring, and those of its arguments that are plain, as Verilog comments.

    Parameters
    ----------
    block : a module of the design
    """
    title = (type(block).__doc__ or type(block).__name__).splitlines()[0]
    title = _ROLE.sub(r"\1", title).replace("``", "").rstrip(".")
    plain = [
        name if value is True else f"{name}={value}"
        for name, value in block.key[1]
        if value is not False and isinstance(value, bool | int | str)
    ]
    text = f"{title}: {', '.join(plain)}" if plain else title
    # Not every tool that reads Verilog knows UTF-8.
    return "".join(f"// {_ascii(line)}\n" for line in textwrap.wrap(text, _COLUMNS - 3))


def _ascii(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def code(verilog: str) -> str:
    """Return Verilog without lines of comment.

    Parameters
    ----------
    verilog : of any design of ours
    """
    return _COMMENT.sub("", verilog)


def code_sha256(verilog: str) -> str:
    """Return the hash that names a design: of its Verilog without lines of comment.

    Parameters
    ----------
    verilog : of any design of ours
    """
    return hashlib.sha256(code(verilog).encode()).hexdigest()
