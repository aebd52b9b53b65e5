"""What software is given of an engine with registers: their map, headers, and the datasheet's section."""

import shutil
from pathlib import Path
from string import Template
from typing import Any

from ..console import say
from ..facts import Software
from ..registry import configure
from ..stream.register_file import TABLE, read_table, registers
from .datasheet_interface import markdown_table
from .registers import MISSING, is_installed, write

__all__ = ["register_section", "write_software"]

_NONE = (
    "The engine has no control registers and no register map: parameters are fixed when it is generated, and all "
    "control travels with the streams."
)

#: What software may do with a field.
_ACCESS = {
    "constant": "constant",
    "kept": "read, write",
    "read": "read",
    "write": "read, write",
    "clear": "read, write 1 to clear",
    "pulse": "write 1",
}


def _software(manifest: dict[str, Any]) -> Software | None:
    entry, config = configure(manifest["engine"], manifest["parameters"])
    return entry.told(config).software


def write_software(manifest: dict[str, Any], directory: Path) -> None:
    """Write register map, C headers, page and IP-XACT of a generated engine, if it has registers.

    Parameters
    ----------
    manifest : of the engine
    directory : that is there
    """
    software, top = _software(manifest), manifest["top"]
    if software is None:
        return
    shutil.copyfile(software.source, directory / f"{top}.rdl")
    for file in software.files:
        shutil.copyfile(file, directory / file.name)
    write(software.source, software.parameters, top, directory)
    if not is_installed():
        say(MISSING)


def register_section(manifest: dict[str, Any]) -> list[str]:
    """Return the datasheet's section of registers, and of how to use them.

    Parameters
    ----------
    manifest : of the engine
    """
    software, top = _software(manifest), manifest["top"]
    if software is None:
        return ["## Registers", "", _NONE, ""]
    rows = []
    for stem, address, register in registers(read_table(software.source.with_name(TABLE)), software.slots):
        for number, field in enumerate(register["fields"]):
            high = field["low"] + field["width"] - 1
            rows.append(
                (
                    f"0x{address:03x}" if number == 0 else "",
                    f"`{stem}`" if number == 0 else "",
                    f"{high}:{field['low']}" if field["width"] > 1 else f"{high}",
                    f"`{field['name']}`",
                    _ACCESS[field["access"]],
                    field["meaning"],
                )
            )
    usage = Template(software.usage.read_text(encoding="utf-8"))
    return [
        usage.safe_substitute(top=top, TOP=top.upper()).rstrip(),
        "",
        "## Registers",
        "",
        f"`{top}.rdl` is their map in SystemRDL; parameters: "
        + ", ".join(f"{name} = {value}" for name, value in software.parameters.items())
        + ".",
        "",
        *markdown_table(("address", "register", "bits", "field", "access", "meaning"), rows),
        "",
    ]
