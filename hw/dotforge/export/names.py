"""Names that every Verilog tool accepts: no escapes, no ``$``, no doubled underscore."""

import re

__all__ = ["is_legal", "legal_names", "snake_case"]

_ESCAPED = re.compile(r"\\(\S+) ")
_DOUBLED = re.compile(r"\b([A-Za-z_]\w*__\w*)\b")
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

#: Reserved words of SystemVerilog (IEEE 1800-2017, annex B), which has all of Verilog's.
_KEYWORDS = frozenset(
    """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before
    begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class
    clocking cmos config const constraint context continue cover covergroup coverpoint cross deassign
    default defparam design disable dist do edge else end endcase endchecker endclass endclocking
    endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram
    endproperty endsequence endspecify endtable endtask enum event eventually expect export extends extern
    final first_match for force foreach forever fork forkjoin function generate genvar global highz0
    highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include initial inout
    input inside instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module nand negedge
    nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed
    parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup
    pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref
    reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually
    s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled signed small soft
    solve specify specparam static string strong strong0 strong1 struct super supply0 supply1
    sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit tran
    tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until
    until_with untyped use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while
    wildcard wire with within wor xnor xor
    """.split()
)


def is_legal(name: str) -> bool:
    """Tell whether a name serves for a module or a port in every tool."""
    return bool(re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name)) and name not in _KEYWORDS


def snake_case(name: str) -> str:
    """``CarrySaveHeap`` → ``carry_save_heap``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def legal_names(verilog: str) -> str:
    r"""Rename the escaped identifiers of one Verilog module, and those with doubled underscores.

    ``\a$4`` becomes ``a_4``; an unnamed ``\$12`` is named after what drives it, as in ``sum_12``.
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

    return _DOUBLED.sub(rename, _ESCAPED.sub(rename, verilog))


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
