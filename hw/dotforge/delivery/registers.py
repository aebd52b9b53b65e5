"""Register maps in SystemRDL: the table that the hardware reads, and what software and tools read.

``python -m dotforge.delivery.registers`` writes the table of every map beside it; a test compares them.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..stream.register_file import ACCESS, TABLE
from ..tools.files import write_json

__all__ = ["MISSING", "OUTPUTS", "compiled", "is_installed", "table", "write"]

#: What the package's extra ``registers`` brings.
_PACKAGES = ("systemrdl", "peakrdl_cheader", "peakrdl_markdown", "peakrdl_ipxact")

#: What :func:`write` writes beside the map itself, of an engine of that name.
OUTPUTS = ("{name}_registers.h", "{name}_registers.md", "{name}_registers.xml")

#: What is said where they are not installed.
MISSING = "C header, page and IP-XACT of the registers: needs pip install 'dotforge[registers]'"


def is_installed() -> bool:
    """Whether PeakRDL is there."""
    return all(importlib.util.find_spec(name) is not None for name in _PACKAGES)


def compiled(source: Path, parameters: Mapping[str, int], name: str | None = None) -> Any:
    """Return a map, elaborated by systemrdl-compiler.

    Parameters
    ----------
    source : of SystemRDL, with one ``addrmap``
    parameters : of the map
    name : of the map in what is written
    """
    from systemrdl.compiler import RDLCompiler  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - an extra

    compiler = RDLCompiler()
    compiler.compile_file(str(source))
    return compiler.elaborate(inst_name=name, parameters=dict(parameters))


def table(root: Any) -> dict[str, Any]:
    """Return what the hardware has to know of a map: see :mod:`dotforge.stream.register_file`.

    Parameters
    ----------
    root : of :func:`compiled`, with an array of one slot

    Raises
    ------
    ValueError
        A field has an access that the hardware does not know.
    """
    from systemrdl.node import RegfileNode, RegNode  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - an extra

    registers, arrays = [], []
    for node in root.top.children(unroll=True):
        if isinstance(node, RegNode):
            registers.append(_register(node, node.absolute_address))
        elif isinstance(node, RegfileNode):
            inner = [
                _register(each, each.address_offset)
                for each in node.children(unroll=True)
                if isinstance(each, RegNode)
            ]
            arrays.append(
                {
                    "name": node.inst_name,
                    "offset": node.absolute_address,
                    "stride": node.array_stride,
                    "registers": inner,
                }
            )
    return {"registers": registers, "arrays": arrays}


def _register(node: Any, offset: int) -> dict[str, Any]:
    fields = []
    for field in node.fields():
        kind = (field.is_sw_readable, field.is_sw_writable, field.get_property("onwrite") is not None)
        pulse = bool(field.get_property("singlepulse"))
        access = {
            (True, False, False): "constant" if field.get_property("hw").name == "na" else "read",
            (True, True, False): "kept" if field.get_property("hw").name == "na" else "write",
            (True, True, True): "clear",
            (False, True, False): "pulse" if pulse else "",
        }.get(kind, "")
        if access not in ACCESS:
            raise ValueError(f"{field.get_path()}: the hardware knows {', '.join(ACCESS)}")
        fields.append(
            {
                "name": field.inst_name,
                "low": field.low,
                "width": field.width,
                "access": access,
                "reset": int(field.get_property("reset") or 0),
                "meaning": field.get_property("desc"),
            }
        )
    return {
        "name": node.inst_name,
        "offset": offset,
        "meaning": node.get_property("name"),
        "fields": fields,
    }


def write(source: Path, parameters: Mapping[str, int], name: str, directory: Path) -> list[Path]:
    """Write C header, page and IP-XACT of a map.

    Parameters
    ----------
    source, parameters : of :func:`compiled`
    name : of the engine's top module
    directory : that is there

    Returns
    -------
    The files; none where PeakRDL is not installed.
    """
    if not is_installed():
        return []
    from peakrdl_cheader.c_standards import CStandard  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - an extra
    from peakrdl_cheader.exporter import CHeaderExporter  # pyright: ignore[reportMissingImports] # noqa: PLC0415
    from peakrdl_ipxact import IPXACTExporter  # pyright: ignore[reportMissingImports] # noqa: PLC0415
    from peakrdl_markdown.exporter import MarkdownExporter  # pyright: ignore[reportMissingImports] # noqa: PLC0415

    files = [directory / each.format(name=name) for each in OUTPUTS]
    root = compiled(source, parameters, name)
    CHeaderExporter().export(
        root, str(files[0]), reuse_typedefs=False, std=CStandard.gnu99
    )  # as that of packets
    MarkdownExporter().export(root, str(files[1]))
    IPXACTExporter(vendor="dotforge", library="dotforge", version="1.0").export(root, str(files[2]))
    return files


def main() -> None:
    """Write the tables beside the maps."""
    from .. import engines  # noqa: PLC0415 - only to find them

    for source in sorted(Path(engines.__path__[0]).glob("*/*.rdl")):
        write_json(source.with_name(TABLE), table(compiled(source, {"GROUPS": 1})))
        print(source.with_name(TABLE))


if __name__ == "__main__":
    main()
