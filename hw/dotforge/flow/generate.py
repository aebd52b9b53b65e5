"""``generate``: a directory with all that a designer's flow takes."""

import shutil
from pathlib import Path
from string import Template
from typing import Any

from .datasheet import datasheet
from .files import data_directory, write_directory, write_json, write_text
from .generated import Generated
from .manifest import SCHEMA

__all__ = ["generate"]

#: Fraction of the clock period that inputs and outputs take outside.
_IO_FRACTION = 0.2


def generate(generated: Generated, directory: Path, *, clock_mhz: float = 100.0) -> list[Path]:
    """Write Verilog, manifest, lint waivers, constraints, bench, FuseSoC core and datasheet.

    ::

        TOP.v  TOP.vlt  manifest.json  manifest.schema.json  TOP.core  TOP.md
        constraints/TOP.{sdc,xdc}
        bench/                      cocotb bench, its Makefile, and the golden model it needs

    Parameters
    ----------
    generated : what to write
    directory : new, or written by an earlier ``generate``
    clock_mhz : clock of the constraints

    Returns
    -------
    The files, relative to ``directory``.
    """
    top = generated.top
    with write_directory(directory) as out:
        write_text(out / f"{top}.v", generated.verilog)
        write_json(out / "manifest.json", generated.manifest)
        write_json(out / "manifest.schema.json", SCHEMA)
        write_text(out / f"{top}.md", datasheet(generated))
        _write_templates(out, generated.manifest, clock_mhz)
        _write_bench(out / "bench", generated)
        return sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())


def _write_templates(out: Path, manifest: dict[str, Any], clock_mhz: float) -> None:
    period = 1000 / clock_mhz
    values = {
        "top": manifest["top"],
        "engine": manifest["engine"],
        "clock": manifest["clock"],
        "reset": manifest["reset"],
        "clock_mhz": f"{clock_mhz:g}",
        "period_ns": f"{period:.3f}",
        "io_delay_ns": f"{period * _IO_FRACTION:.3f}",
    }
    (out / "constraints").mkdir()
    for template in sorted(data_directory("constraints").glob("engine.*")):
        text = Template(template.read_text(encoding="utf-8")).substitute(values)
        place = out if template.suffix in (".vlt", ".core") else out / "constraints"
        write_text(place / f"{manifest['top']}{template.suffix}", text)


def _write_bench(out: Path, generated: Generated) -> None:
    import dotforge_golden  # noqa: PLC0415 - only to find its files

    benches = data_directory("tb")
    ignore = shutil.ignore_patterns("__pycache__", "sim_build", "results.xml")
    shutil.copytree(benches / generated.engine, out, ignore=ignore)
    shutil.copytree(benches / "support", out / "support", ignore=ignore)
    golden = Path(dotforge_golden.__file__).parent
    shutil.copytree(golden, out / "dotforge_golden", ignore=ignore)
    makefile = Template((benches / "Makefile").read_text(encoding="utf-8"))
    write_text(out / "Makefile", makefile.safe_substitute(top=generated.top, engine=generated.engine))
