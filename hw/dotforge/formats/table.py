"""Number formats: one frozen dataclass each, in one table.

A format is a small protocol that any datapath takes, the same for integers and floating point:

=====================================  ===============================================================
``name``, ``width``                    what it is called and how many bits it has
``zero``                               the encoding of (+)0
``product_format(other)``              the smallest format that holds every product with ``other`` exactly
``sum_format(other, terms=n)``         what n products with ``other`` are summed in
``multiplier(other, pipeline=p, …)``   block ``a``, ``b`` → ``o``; ``multiplier.product`` is the format of ``o``
``adder(pipeline=p, …)``               block ``a``, ``b`` → ``o``, all of this format
``converter(target, pipeline=p, …)``   block ``i`` → ``o``, of the format ``target``
=====================================  ===============================================================

Blocks have a public ``latency`` (= ``pipeline``), initiation interval 1, ``MAX_PIPELINE``, and with a pipeline
an input ``en`` that lets its registers advance (without it where ``stallable=False``). ``multiplier`` takes
products of integers into the product format and those of floating-point numbers into FP32; see
:mod:`dotforge.formats.integer` and :mod:`dotforge.formats.floating`.
"""

from .floating import BF16, FP8_E4M3, FP8_E5M2, FP16, FP32, FloatFormat
from .integer import INT4, INT8, INT16, INT32, IntegerFormat

__all__ = [
    "BF16",
    "FORMATS",
    "FP8_E4M3",
    "FP8_E5M2",
    "FP16",
    "FP32",
    "INT4",
    "INT8",
    "INT16",
    "INT32",
    "FloatFormat",
    "Format",
    "IntegerFormat",
    "lookup",
]

Format = IntegerFormat | FloatFormat

#: name → format
FORMATS: dict[str, Format] = {
    entry.name: entry for entry in (INT4, INT8, INT16, INT32, BF16, FP16, FP8_E4M3, FP8_E5M2, FP32)
}


def lookup(name: str) -> Format:
    """Return the format of that name, in upper or lower case; ``INTn`` is any integer width.

    Raises
    ------
    ValueError
        No format has that name; the message lists those that have.
    """
    key = name.upper()
    if key in FORMATS:
        return FORMATS[key]
    if key.startswith("INT") and key[3:].isdecimal() and 1 <= int(key[3:]) <= 128:
        return IntegerFormat(int(key[3:]))
    raise ValueError(f"format is one of {', '.join(FORMATS)} or INT1…INT128, not {name}")
