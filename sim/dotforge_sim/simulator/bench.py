"""Runs a cocotb bench on Verilog, with Verilator or Icarus, and fails whenever it did not prove something.

A bench is a Python module with cocotb tests in a directory of its own. It calls ``report`` of
``tb/support/bench_report.py``, which writes how many vectors were compared into the file that the environment
variable ``DOTFORGE_BENCH_SUMMARY`` names. A run fails if a test failed, if no test ran, if no vector was
compared, if a vector was wrong, or if it did not end in time.

The simulator is built once for a Verilog text and cached (:mod:`dotforge_sim.simulator.cache`). Benches see the ports
of the top module, not what is inside: so they run on a synthesized netlist too, and Verilator is faster. One
that shows how a design works may ask for ``internals``.
"""

import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import cache, native, processes, toolchain

__all__ = ["SIMULATORS", "BenchFailure", "BenchResult", "BenchUnfinished", "run", "waveform"]

SIMULATORS = ("verilator", "icarus")

_TIMESCALE = "1ns/1ps"


@dataclass(frozen=True)
class BenchResult:
    """What a bench did.

    Attributes
    ----------
    simulator : name and version
    tests, failures, skipped : cocotb tests that ran, that failed, that were skipped
    vectors, mismatches : values compared with golden, and those that differed
    seed : of all random numbers
    seconds : wall time of the simulation, without building the simulator
    results_xml : the JUnit file
    log : what simulator and tests printed
    coverage : bins of functional coverage (``tb/support/coverage_bins.py``) → how often each was hit, 0 included
    """

    simulator: str
    tests: int
    failures: int
    skipped: int
    vectors: int
    mismatches: int
    seed: int
    seconds: float
    results_xml: Path
    log: Path
    coverage: Mapping[str, int] = field(default_factory=dict)


class BenchFailure(Exception):
    """A bench failed; ``result`` is what is known, or ``None`` when the simulation did not get to an end.

    Parameters
    ----------
    message : what failed
    """

    def __init__(self, message: str, result: BenchResult | None = None) -> None:
        super().__init__(message)
        self.result = result


class BenchUnfinished(BenchFailure):
    """A bench did not end in time, or its simulator died: it found nothing wrong, and proved nothing."""


def run(
    verilog: str | Path,
    top: str,
    bench_dir: Path,
    module: str,
    *,
    build_dir: Path,
    simulator: str = "verilator",
    parameters: Mapping[str, object] | None = None,
    manifest: Path | None = None,
    env: Mapping[str, str] | None = None,
    python_path: Sequence[Path] = (),
    seed: int = 1,
    timeout_seconds: float = 600,
    results_xml: Path | None = None,
    waves: bool = False,
    internals: bool = False,
    random_start: bool = False,
) -> BenchResult:
    """Run a bench.

    Parameters
    ----------
    verilog : the text, or the path of a file that holds it
    top : module under test
    bench_dir : directory of the bench; the directory ``support`` beside or in it is importable too
    module : name of the Python module with the tests
    build_dir : where logs, results and waveforms go; made if missing, one for each run that may be parallel
    simulator : one of :data:`SIMULATORS`
    parameters : what the bench needs to know, as JSON in ``DOTFORGE_BENCH_PARAMETERS``
    manifest : path of the design's manifest, in ``DOTFORGE_MANIFEST``
    env : more environment variables
    python_path : more directories to import from
    seed : cocotb's ``RANDOM_SEED``
    timeout_seconds : limit of the simulation
    results_xml : where the JUnit file goes (default: ``results.xml`` in ``build_dir``)
    waves : also write a waveform into ``build_dir``, see :func:`waveform`
    internals : let the bench see the signals of all modules, ``dut.instance.signal``; slower
    random_start : registers to which the Verilog gives no initial value start with random ones, from ``seed``, not
        with zeros (Verilator; with Icarus they are unknown in any case)

    Raises
    ------
    BenchFailure
        The bench did not prove the design right; :class:`BenchUnfinished` where it did not get to an end.
    ToolMissing, SimulatorError
        There is no simulator, or it refuses the Verilog.
    """
    if simulator not in SIMULATORS:
        raise ValueError(f"simulator: {simulator!r} is not one of {', '.join(SIMULATORS)}")
    bench_dir, build_dir = Path(bench_dir).absolute(), Path(build_dir).absolute()
    if not (bench_dir / f"{module}.py").is_file():
        raise FileNotFoundError(f"there is no bench {bench_dir / module}.py")
    text = verilog.read_text(encoding="utf-8") if isinstance(verilog, Path) else verilog
    build_dir.mkdir(parents=True, exist_ok=True)
    xml, log = build_dir / "results.xml", build_dir / "bench.log"
    summary = build_dir / "vectors.json"
    for old in (xml, log, summary, build_dir / "dump.vcd", build_dir / f"{top}.fst"):
        old.unlink(missing_ok=True)
    if simulator == "verilator":
        version = toolchain.verilator().version
        _link(_build_verilator(text, top, waves, internals, random_start), build_dir / top)
    else:
        version = toolchain.icarus().version
        _link(_build_icarus(text, top, waves), build_dir / "sim.vvp")

    support = [path for path in (bench_dir / "support", bench_dir.parent / "support") if path.is_dir()]
    paths = [bench_dir, *support, *python_path, *map(Path, sys.path)]
    environment = {**os.environ, **(env or {}), "PYTHONPATH": os.pathsep.join(map(str, paths))}
    environment["DOTFORGE_BENCH_SUMMARY"] = str(summary)
    if parameters is not None:
        environment["DOTFORGE_BENCH_PARAMETERS"] = json.dumps(dict(parameters), allow_nan=False)
    if manifest is not None:
        environment["DOTFORGE_MANIFEST"] = str(Path(manifest).absolute())
    # Under pytest cocotb's runner would look for results elsewhere and exit.
    environment.pop("PYTEST_CURRENT_TEST", None)

    starts = ["+verilator+rand+reset+2", f"+verilator+seed+{seed % 2**31 or 1}"]
    job = {"simulator": simulator, "module": module, "top": top, "build_dir": str(build_dir), "seed": seed}
    job["plusargs"] = starts if random_start and simulator == "verilator" else []
    command = [
        sys.executable,
        "-m",
        "dotforge_sim.simulator.bench_process",
        json.dumps({**job, "waves": waves}, allow_nan=False),
    ]
    started = time.monotonic()
    _run(command, build_dir, environment, log, timeout_seconds)
    seconds = time.monotonic() - started
    try:
        _probe(build_dir / ".probe")
    except OSError:
        for cut_short in (xml, summary):
            cut_short.unlink(missing_ok=True)
        raise
    result, messages = _collect(BenchResult(version, 0, 0, 0, 0, 0, seed, seconds, xml, log), summary)
    if results_xml is not None and xml.is_file():
        Path(results_xml).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(xml, results_xml)
    what = f"{module} on {top} ({simulator}, seed {seed})"
    if not result.tests and (killer := _killer(log)):
        raise BenchUnfinished(f"{what}: the simulator was killed by {killer}; its log is {log}", result)
    if messages:
        raise BenchFailure(f"{what}: " + "; ".join(messages), result)
    return result


def waveform(build_dir: Path, simulator: str, top: str) -> Path:
    """Return where a run with ``waves`` writes its waveform.

    Parameters
    ----------
    build_dir : directory of the run
    simulator : ``verilator`` or ``icarus``
    top : name of the top module
    """
    return build_dir / ("dump.vcd" if simulator == "verilator" else f"{top}.fst")


def _run(command: list[str], cwd: Path, environment: dict[str, str], log: Path, limit: float) -> None:
    """Run the bench in a process group of its own, which ends with the time limit whatever it does."""
    with log.open("w", encoding="utf-8") as output:
        try:
            with processes.started(
                command, cwd=cwd, environment=environment, stdout=output, stderr=output
            ) as process:
                process.wait(limit)
        except subprocess.TimeoutExpired as expired:
            raise BenchUnfinished(f"the bench did not end within {limit:g} s; its log is {log}") from expired


def _killer(log: Path) -> str:
    """Return the signal that ended the simulator, if one did; where an assertion of the design fails, it aborts."""
    text = log.read_text(encoding="utf-8", errors="replace")
    codes = re.findall(r"Command failed with return code: -(\d+)", text)  # of cocotb's runner
    return signal.Signals(int(codes[-1])).name if codes and int(codes[-1]) != signal.SIGABRT else ""


def _probe(path: Path) -> None:
    """Raise the ``OSError`` of a full disk, on which simulators leave results that are cut short and end well."""
    try:
        path.write_bytes(bytes(4096))
    finally:
        path.unlink(missing_ok=True)


def _cases(xml: Path) -> list[ET.Element]:
    """Return the test cases of a JUnit file; none if it is not whole."""
    try:
        return list(ET.parse(xml).iter("testcase")) if xml.is_file() else []
    except ET.ParseError:
        return []


def _collect(result: BenchResult, summary: Path) -> tuple[BenchResult, list[str]]:
    """Return ``result`` with the counts that the run left, and what is wrong with it."""
    messages: list[str] = []
    cases = _cases(result.results_xml)
    skipped = sum(case.find("skipped") is not None for case in cases)
    failures = 0
    for case in cases:
        nodes = [node for node in (case.find("failure"), case.find("error")) if node is not None]
        failures += bool(nodes)
        for node in nodes[:1]:
            lines = (node.get("error_msg") or node.get("message") or node.text or "").strip().splitlines()
            messages.append(f"{case.get('name')} failed" + (f": {lines[0]}" if lines else ""))
    tests = len(cases) - skipped
    if not cases:
        tail = result.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        messages.append("the simulation left no result: " + " | ".join(tail))
    elif not tests:
        messages.append("no test ran")
    counts = json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {}
    vectors, mismatches = int(counts.get("vectors", 0)), int(counts.get("mismatches", 0))
    if tests and not vectors:
        messages.append("no vector was compared")
    if mismatches:
        messages.append(f"{mismatches} of {vectors} vectors differ from golden")
    counted = replace(
        result,
        tests=tests,
        failures=failures,
        skipped=skipped,
        vectors=vectors,
        mismatches=mismatches,
        coverage={name: int(count) for name, count in counts.get("coverage", {}).items()},
    )
    return counted, messages


def _link(built: Path, name: Path) -> None:
    # The runner wants the simulator in the build directory, under this name.
    name.unlink(missing_ok=True)
    try:
        name.symlink_to(built)
    except OSError:
        shutil.copy2(built, name)


def _build_verilator(text: str, top: str, waves: bool, internals: bool, random_start: bool) -> Path:
    import cocotb_tools.config as cocotb  # noqa: PLC0415 - only benches need cocotb

    libraries = str(cocotb.libs_dir)
    main = (cocotb.share_dir / "lib" / "verilator" / "verilator.cpp").read_text(encoding="utf-8")
    everything = 'public_flat_rw -module "*" -var "*"\n'
    public = (
        everything
        if internals
        else "".join(f'public_flat_rw -module "{top}" -var "{name}"\n' for name in _port_names(text, top))
    )
    return native.build(
        native.Sources(
            text,
            top,
            f"// cocotb {importlib.metadata.version('cocotb')}\n" + main,
            control=public,
            options=(
                *("--vpi", "--timescale", _TIMESCALE),
                *(["--trace-vcd"] if waves else []),
                *(["--x-initial", "unique"] if random_start else []),
            ),
            defines={"VM_TRACE": 1, "VM_TRACE_VCD": 1} if waves else {},
            link=("-L", libraries, "-Xlinker", "-rpath", "-Xlinker", libraries, "-lcocotbvpi_verilator"),
            whole=waves or internals or random_start,
        )
    )


def _port_names(text: str, top: str) -> list[str]:
    """Return the ports in the header of a module, or ``["*"]``, all its signals, where it cannot be read."""
    plain = re.sub(r"//[^\n]*|/\*.*?\*/|\(\*.*?\*\)", " ", text, flags=re.S)
    header = re.search(rf"\bmodule\s+{re.escape(top)}\s*(?:#\s*\(.*?\)\s*)?\(([^()]*)\)\s*;", plain, re.S)
    if header is None:
        return ["*"]
    names = [re.findall(r"[\w$\\]+", re.sub(r"\[.*?\]", " ", piece)) for piece in header[1].split(",")]
    found = [words[-1] for words in names if words]
    return ["*"] if not found or any("\\" in name for name in found) else found


_WAVES = """
module dotforge_waves;
  initial begin
    $dumpfile("{top}.fst");
    $dumpvars(0, {top});
  end
endmodule
"""


def _build_icarus(text: str, top: str, waves: bool) -> Path:
    icarus = toolchain.icarus()

    def make(scratch: Path) -> None:
        (scratch / "design.v").write_text(text + (_WAVES.format(top=top) if waves else ""), encoding="utf-8")
        (scratch / "commands").write_text(f"+timescale+{_TIMESCALE}\n", encoding="utf-8")
        command = [str(icarus.iverilog), "-g2012", "-o", "sim.vvp", "-s", top, "-f", "commands"]
        command += ["-s", "dotforge_waves"] if waves else []
        native.execute([*command, "design.v"], scratch, "Icarus Verilog")

    return cache.entry("icarus-" + cache.digest(text, top, waves, icarus), make) / "sim.vvp"
