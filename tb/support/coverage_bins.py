"""What a bench has made happen: bins with counts, of every stream, all tests of a run together.

Of an input: beats, cycles in which it offers and waits, pauses, packets that end; of an output: beats, cycles in
which it stalls, those of them on the beat that ends a packet, beats in a row. Of each field, by its format, one lane of
each beat, in turn, where it means something: zero, the least and the greatest value, or zero, subnormal numbers,
infinities and NaN. A bin that was never hit is there with 0, so that whoever reads the summary may ask for it.
"""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["COUNTS", "StreamCoverage", "hit"]

#: Bin → how often.
COUNTS: dict[str, int] = {}

#: Format → exponent bits, mantissa bits, whether the highest exponent is of infinities and NaN alone.
_FLOATS = {
    "FP32": (8, 23, True),
    "BF16": (8, 7, True),
    "FP16": (5, 10, True),
    "FP8_E5M2": (5, 2, True),
    "FP8_E4M3": (4, 3, False),
}


def hit(name: str, count: int = 1) -> None:
    """Count what happened.

    Parameters
    ----------
    name : of the bin
    count : how often; 0 says that there is such a bin
    """
    COUNTS[name] = COUNTS.get(name, 0) + count


class StreamCoverage:
    """The bins of one stream.

    Parameters
    ----------
    stream : its description in the manifest
    """

    def __init__(self, stream: Mapping[str, Any]) -> None:
        self.name, self.stream = stream["name"], stream
        self._beats = 0
        self._before = False
        self._packets = bool(stream["tlast"])
        sends = stream["direction"] == "input"
        bins = ["beat", "beats in a row", *(["waits", "pauses"] if sends else ["stalls"])]
        if self._packets:
            bins += ["packet ends", *(["packet of one beat"] if sends else ["stalls where a packet ends"])]
        self._flags = {field["name"]: field for field in stream["fields"]}
        self._fields = [(field, _kinds(field)) for field in stream["fields"]]
        bins += [f"{field['name']} {kind}" for field, kinds in self._fields for kind in kinds]
        for name in bins:
            self._hit(name, 0)
        self._starts = True

    def _hit(self, name: str, count: int = 1) -> None:
        hit(f"{self.name}: {name}", count)

    def quiet(self) -> None:
        """Count a cycle in which nothing is offered."""
        self._before = False
        if self.stream["direction"] == "input":
            self._hit("pauses")

    def held(self, last: bool) -> None:
        """Count a cycle in which a beat is offered, and not taken."""
        self._before = False
        if self.stream["direction"] == "input":
            self._hit("waits")
            return
        self._hit("stalls")
        if self._packets and last:
            self._hit("stalls where a packet ends")

    def taken(self, data: int, last: bool) -> None:
        """Count a beat."""
        self._hit("beat")
        if self._before:
            self._hit("beats in a row")
        if self._packets and last:
            self._hit("packet ends")
            if self._starts and self.stream["direction"] == "input":
                self._hit("packet of one beat")
        self._starts, self._before = last, True
        for field, kinds in self._fields:
            lane, width = self._beats % field["lanes"], field["width"]
            flag = self._flags.get(field.get("when"))
            if flag and not data >> flag["offset"] + (lane if flag["lanes"] > 1 else 0) & 1:
                continue
            code = data >> field["offset"] + lane * width & (1 << width) - 1
            for kind, holds in kinds.items():
                if holds(code):
                    self._hit(f"{field['name']} {kind}")
        self._beats += 1


def _kinds(field: Mapping[str, Any]) -> dict[str, Callable[[int], bool]]:
    """Return the kinds of values of a field that are told apart."""
    width, form = field["width"], _FLOATS.get(str(field.get("format")).upper())
    if form is None:
        low, high = (1 << width - 1, (1 << width - 1) - 1) if field["signed"] else (0, (1 << width) - 1)
        kinds: dict[str, Callable[[int], bool]] = {"zero": lambda code: code == 0}
        if field["signed"]:
            kinds["least"] = lambda code: code == low
        return {**kinds, "greatest": lambda code: code == high}
    exponent_bits, mantissa_bits, specials = form
    top = (1 << exponent_bits) - 1
    fraction, sign = (1 << mantissa_bits) - 1, 1 << exponent_bits + mantissa_bits

    def split(code: int) -> tuple[int, int]:
        return code >> mantissa_bits & top, code & fraction

    kinds = {
        "zero": lambda code: code & ~sign == 0,
        "subnormal": lambda code: split(code)[0] == 0 and split(code)[1] != 0,
        "NaN": lambda code: (
            split(code)[0] == top and (split(code)[1] != 0 if specials else code & fraction == fraction)
        ),
    }
    return {**kinds, **({"infinity": lambda code: split(code) == (top, 0)} if specials else {})}
