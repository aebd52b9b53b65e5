"""``generate``: a directory with all that a designer's flow takes."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from ..export.constraints import templates, values
from ..export.design import Generated
from ..export.manifest import SCHEMA
from ..tools import result_cache
from ..tools.files import data_directory, write_json, write_text
from ..tools.generated_directory import write_directory
from ..verify.benches import bench_directory, bench_module
from ..verify.recording import Recording
from ..verify.vectors import vectors
from .datasheet import datasheet
from .datasheet_html import as_html
from .engine_pictures import picture_name, pictures
from .flows import FLOWS, write_flows
from .host_module import host_module
from .ipxact import component
from .software import write_software
from .verilog_bench import verilog_bench

__all__ = ["generate"]


def generate(
    generated: Generated,
    directory: Path,
    *,
    clock_mhz: float = 100.0,
    flows: Sequence[str] = tuple(FLOWS),
    recording: Recording | None = None,
    missing: str = "",
) -> list[Path]:
    """Write Verilog, manifest, lint waivers, constraints, bench, datasheet, and files for flows of other tools.

    ::

        TOP.v  TOP.vlt  manifest.json  manifest.schema.json  TOP.md  TOP.html
        constraints/TOP.{sdc,xdc,lpf,pcf}
        TOP.rdl  TOP_registers.{h,md,xml}  and headers, of an engine with registers
        beats.py                    packs operands and unpacks results: for NumPy, without dotforge
        images/                     block diagram, waveforms
        bench/                      cocotb bench, its Makefile, the golden model it needs, golden vectors,
                                    and a Verilog testbench of them
        TOP.core, TOP.xml, config.json, flows/FLOW/     of FuseSoC, IP-XACT, LibreLane, and the other flows

    Parameters
    ----------
    generated : what to write
    directory : new, or written by an earlier ``generate``: of that only files that are as they were written are
        replaced, and what others put there stays
    clock_mhz : clock of the constraints
    flows : whose files are written, of :data:`dotforge.delivery.flows.FLOWS`
    recording : of the bench, for waveforms and golden vectors
    missing : why there is no recording

    Returns
    -------
    The files, relative to ``directory``.
    """
    top = generated.top
    with write_directory(directory) as out:
        write_text(out / f"{top}.v", generated.verilog)
        write_json(out / "manifest.json", generated.manifest)
        write_json(out / "manifest.schema.json", SCHEMA)
        # Vectors are beats alone: an engine that begins when a register is written wants more.
        beats = recording if all(port["role"] != "axi_lite" for port in generated.manifest["ports"]) else None
        _write_constraints(out, generated.manifest, clock_mhz)
        write_flows(flows, out, generated.manifest, clock_mhz, vectors_there=beats is not None)
        _write_bench(out / "bench", generated)
        write_software(generated.manifest, out)
        write_text(out / "beats.py", host_module(generated.manifest))
        if beats is not None:
            golden = vectors(generated, beats)
            write_json(out / "bench" / "vectors.json", golden)
            write_text(out / "bench" / f"{top}_tb.v", verilog_bench(generated, golden))
        sheet = datasheet(
            generated,
            reports=result_cache.reports(generated.manifest["verilog_sha256"]),
            pictures=_write_pictures(out, generated, recording),
            missing=missing,
            clock_mhz=clock_mhz,
            flows=flows,
        )
        write_text(out / f"{top}.md", sheet)
        write_text(out / f"{top}.html", as_html(sheet, out, f"{top}: datasheet"))
        if "ipxact" in flows:
            there = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
            write_text(out / f"{top}.xml", component(generated.manifest, clock_mhz, there))
        return sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())


def _write_pictures(out: Path, generated: Generated, recording: Recording | None) -> dict[str, str]:
    """Write block diagram and waveforms; returns title → file."""
    (out / "images").mkdir()
    files = {}
    for title, svg in pictures(generated, recording).items():
        files[title] = f"images/{generated.top}_{picture_name(title)}.svg"
        write_text(out / files[title], svg)
    return files


def _write_constraints(out: Path, manifest: dict[str, Any], clock_mhz: float) -> None:
    filled = values(manifest, clock_mhz)
    (out / "constraints").mkdir()
    for template in templates():
        text = Template(template.read_text(encoding="utf-8")).substitute(filled)
        place = out if template.suffix == ".vlt" else out / "constraints"
        write_text(place / f"{manifest['top']}{template.suffix}", text)


def _write_bench(out: Path, generated: Generated) -> None:
    import dotforge_golden  # noqa: PLC0415 - only to find its files

    benches = data_directory("tb")
    ignore = shutil.ignore_patterns("__pycache__", "sim_build", "results.xml")
    shutil.copytree(bench_directory(generated.engine), out, ignore=ignore)
    shutil.copytree(benches / "support", out / "support", ignore=ignore)
    shutil.copyfile(benches / "vectors" / "test_vectors.py", out / "test_vectors.py")
    golden = Path(dotforge_golden.__file__).parent
    shutil.copytree(golden, out / "dotforge_golden", ignore=ignore)
    module = bench_module(generated.manifest)
    makefile = Template((benches / "Makefile").read_text(encoding="utf-8"))
    write_text(
        out / "Makefile", makefile.safe_substitute(top=generated.top, engine=module.removeprefix("test_"))
    )
