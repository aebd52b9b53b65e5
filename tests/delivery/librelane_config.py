"""Read a configuration as LibreLane's flow ``Classic`` does, and print what came of it; LibreLane's Python runs it.

A PDK is gigabytes; what a flow wants of one to read a configuration is values of the right types, so one is made here
that holds nothing but those.
"""

import json
import sys
import typing
from decimal import Decimal
from pathlib import Path

from librelane.config import Config  # pyright: ignore[reportMissingImports]
from librelane.flows import Flow  # pyright: ignore[reportMissingImports]


def value(kind: object, file: Path) -> str:
    """Return a Tcl value of a type."""
    name = getattr(kind, "__name__", "")
    if typing.get_origin(kind) in (list, dict):
        inner = value(typing.get_args(kind)[-1], file)
        return inner if typing.get_origin(kind) is list else f"nom {inner}"
    return str(file) if name == "Path" else "1" if kind in (int, Decimal) else "any"


def main(design: Path, work: Path) -> None:
    """Print the configuration of a design as JSON."""
    classic = Flow.factory.get("Classic")
    assert classic is not None
    variables = classic.get_all_config_variables(classic.__new__(classic))
    place = work / "pdk" / "libs.tech" / "librelane"
    (place / "cells").mkdir(parents=True)
    file = work / "file"
    file.touch()
    lines = [
        f"set ::env({each.name}) {{{value(each.type, file)}}}"
        for each in variables
        if each.pdk and not each.optional and each.default is None
    ]
    (place / "config.tcl").write_text("\n".join([*lines, "set ::env(STD_CELL_LIBRARY) cells"]))
    (place / "cells" / "config.tcl").write_text("")
    found, _ = Config.load(str(design), variables, pdk="pdk", pdk_root=str(work))
    given = [key for key in json.loads(design.read_text()) if key != "meta"]
    print(json.dumps({key: json.loads(found.dumps())[key] for key in given}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
