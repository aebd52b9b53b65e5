"""Names that every Verilog tool accepts: no escapes, no ``$``, no doubled underscore."""

import re

__all__ = ["is_legal", "legal_names", "snake_case"]

_ESCAPED = re.compile(r"\\(\S+) ")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGN = re.compile(r"^\s*assign \\(\$\S+)\s*=\s*(.*);$", re.M)

# What drives an unnamed value, first match wins: the name says what the value is.
_OPERATORS = (
    (re.compile(r" \? "), "mux"),
    (re.compile(r" \+ "), "sum"),
    (re.compile(r" - | *^-"), "difference"),
    (re.compile(r" \* "), "product"),
    (re.compile(r" (<<<?|>>>?) "), "shifted"),
    (re.compile(r" (==|!=|===) "), "equal"),
    (re.compile(r" (<|>|<=|>=) "), "less"),
    (re.compile(r" \^ "), "xor"),
    (re.compile(r" (&&?) "), "both"),
    (re.compile(r" (\|\|?) "), "either"),
    (re.compile(r"^[~!]"), "inverse"),
    (re.compile(r"^[|&^]"), "reduced"),
)

_KEYWORDS = frozenset(
    """always and assign begin buf case cell config default disable edge else end endcase endmodule event for
    force fork function generate genvar if initial inout input instance integer join liblist library localparam
    logic macromodule module nand negedge nor not or output parameter posedge primitive real reg release repeat
    scalared signed small specify strong0 strong1 supply0 supply1 table task time tri unsigned use vectored wait
    wand while wire wor xnor xor byte bit int shortint longint string struct union enum typedef package import
    export interface class do return break continue void this super new final unique priority""".split()
)


def is_legal(name: str) -> bool:
    """Tell whether a name serves for a module in every tool."""
    return bool(re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name)) and name not in _KEYWORDS


def snake_case(name: str) -> str:
    """``CarrySaveHeap`` → ``carry_save_heap``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def legal_names(verilog: str) -> str:
    """Rename the escaped identifiers of one Verilog module.

    ``\\a$4`` becomes ``a_4``; an unnamed ``\\$12`` is named after what drives it, as in ``sum_12``.
    Names that would collide get a number more.
    """
    verilog = re.sub(r"\A/\*.*?\*/\s*", "", verilog, flags=re.S)
    verilog = re.sub(r"\b_(\d+)_(?=\W)", r"read_\1", verilog)  # what `write_verilog` makes for memory ports
    drivers = dict(_ASSIGN.findall(verilog))
    taken = set(_WORD.findall(_ESCAPED.sub(" ", verilog)))
    renamed: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        name = match[1]
        if name not in renamed:
            renamed[name] = _unique(_legal(name, drivers.get(name, "")), taken)
        return renamed[name]

    return _ESCAPED.sub(rename, verilog)


def _legal(name: str, driver: str) -> str:
    if name.startswith("$"):
        number = re.findall(r"\d+", name)
        stem = next((stem for pattern, stem in _OPERATORS if pattern.search(driver)), "value")
        name = f"{stem}_{number[-1] if number else 0}"
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", name)).strip("_") or "value"
    return f"n_{name}" if name[0].isdigit() or name in _KEYWORDS else name


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_v{number}"
    taken.add(candidate)
    return candidate
