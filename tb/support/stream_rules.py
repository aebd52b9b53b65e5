"""The rules of a stream, for every bench: cocotb's sinks ask them at each clock edge.

1. ``tvalid`` is 0 or 1, and 0 in reset.
2. A beat that is offered stays until it is taken: ``tvalid`` does not fall before ``tready`` was high.
3. Nothing of it changes meanwhile: neither ``tdata`` nor ``tlast``.
4. Of a beat that is taken every bit is known that means something: fields that wait for the flag of another one
   (``when`` in the manifest) mean nothing without it, and are given as zeros.

That ``tvalid`` must not wait for ``tready`` no single edge shows: a sink has to wait for ``tvalid`` now and then,
and the bench to see that nothing comes (:class:`axi_stream.Bench` does both). The compiled runner of dotforge
(``streams.cpp``) holds designs to the same rules, and the same mutants are tried on both.

Nothing here needs a simulator: wires are given as text, a character a bit, the highest first.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["BrokenRule", "StreamRules"]

_KNOWN = str.maketrans({letter: "0" for letter in "XxZzUuWw-"} | {"H": "1", "h": "1", "L": "0", "l": "0"})
_UNKNOWN = str.maketrans({letter: "1" for letter in "XxZzUuWw-"} | {letter: "0" for letter in "01HhLl"})


class BrokenRule(AssertionError):
    """A design broke a rule of streams; the message names stream and rule."""


class StreamRules:
    """The rules for one stream that a design drives.

    Parameters
    ----------
    stream : its item in the manifest
    """

    def __init__(self, stream: Mapping[str, Any]) -> None:
        self.name = stream["name"]
        self._gates = _gates(stream)
        self._everything = (1 << stream["tdata_width"]) - 1
        self._held: tuple[str, str] | None = None

    def edge(self, valid: str, ready: bool, last: str, data: str, *, reset: bool = False) -> bool:
        """Look at the wires that a clock edge took; tell whether it took a beat.

        Parameters
        ----------
        valid, last, data : ``tvalid``, ``tlast`` (``"0"`` where there is none), ``tdata``
        ready : what the sink drove
        reset : whether the design is in reset, for a cycle at least

        Raises
        ------
        BrokenRule
            The design broke one.
        """
        if valid not in ("0", "1"):
            raise BrokenRule(f"{self.name}: tvalid is {valid}")
        if reset:
            if valid == "1":
                raise BrokenRule(f"{self.name}: tvalid is high in reset")
            self._held = None
            return False
        if valid == "0":
            if self._held is not None:
                raise BrokenRule(f"{self.name}: tvalid fell before tready")
            return False
        if self._held is not None and self._held != (last, data):
            changed = "tdata" if self._held[1] != data else "tlast"
            raise BrokenRule(f"{self.name}: {changed} changed before tready")
        self._held = None if ready else (last, data)
        return ready

    def meant(self, last: str, data: str) -> tuple[int, bool]:
        """Return ``tdata`` of a beat that was taken, zeros where it means nothing, and ``tlast``.

        Raises
        ------
        BrokenRule
            A bit that means something is unknown.
        """
        if last not in ("0", "1"):
            raise BrokenRule(f"{self.name}: tlast is {last}")
        if not self._gates and data.isdecimal():
            return int(data, 2), last == "1"
        value, unknown, mask = (
            int(data.translate(_KNOWN), 2),
            int(data.translate(_UNKNOWN), 2),
            self._everything,
        )
        for part, flag in self._gates:
            if not value & flag:
                mask &= ~part
        if unknown & mask:
            raise BrokenRule(f"{self.name}: unknown bits in tdata: {data}")
        return value & mask, last == "1"


def _gates(stream: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return masks of parts of ``tdata``, and of the flag without which each means nothing."""
    fields = {field["name"]: field for field in stream["fields"]}
    found = []
    for field in stream["fields"]:
        if field.get("when"):
            flag = fields[field["when"]]
            for lane in range(field["lanes"]):
                part = (1 << field["width"]) - 1 << field["offset"] + lane * field["width"]
                found.append((part, 1 << flag["offset"] + (lane if flag["lanes"] > 1 else 0)))
    return found
