"""Every engine answers every command: what one lacks fails here, with a line that says what.

Its netlists over all targets are in ``tests/synthesis/test_engines_targets.py``, broken streams in
``tests/verify/test_stream_mutants.py``, other flows in ``tests/delivery/test_generate_engines.py``, lint in
``tests/export/test_verilog.py``; all of them iterate over the registry, as this file does.
"""

import importlib.util
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge.registry import engine as find
from dotforge_sim.simulator import toolchain

from .commands.conftest import dotforge as dotforge  # noqa: PLC0414 - a fixture
from .configurations import ENGINES, configurations

ROOT = Path(__file__).parent.parent

#: What an engine has, by what one calls it; ``{}`` is its name.
FILES = {
    "its package": "hw/dotforge/engines/{}/__init__.py",
    "its golden model": "golden/dotforge_golden/{}.py",
    "its bench": "tb/{0}/test_{0}.py",
    "its runner": "sim/dotforge_sim/run/{}.py",
    "its page": "docs/{}.md",
    "its configurations for tests": "tests/{}/configurations.py",
}

#: Engine → what it has under another name, or why it has none.
ELSEWHERE = {
    ("requantise", "its runner"): "it multiplies nothing",
    ("requantise", "its golden model"): "dotforge_golden.quantise, which it shares with the quantisers",
    ("requantise", "its page"): "docs/vsquant.md",
}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_complete(engine: str) -> None:
    lacking = [
        f"{what} ({path.format(engine)})"
        for what, path in FILES.items()
        if not (ROOT / path.format(engine)).is_file() and (engine, what) not in ELSEWHERE
    ]
    assert not lacking, f"engine {engine} lacks {', '.join(lacking)}"
    entry = find(engine)
    assert entry.name == engine
    assert entry.summary
    assert entry.source
    assert f"`{engine}`" in (ROOT / "README.md").read_text(encoding="utf-8"), f"README has no row of {engine}"
    assert len({json.dumps(each, sort_keys=True) for each in configurations(engine).values()}) == 3


def assert_beats_are_those_of_the_module(made: Path, saved: Path, c: np.ndarray) -> None:
    """``beats.py``, without dotforge, packs the same beats, and gets the product of what came out."""

    def beats(*words: object) -> None:
        program = [sys.executable, "-I", made / "beats.py", "--settings", saved / "beats.json", *words]
        ran = subprocess.run(list(map(str, program)), capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr

    beats("pack", saved / "operands.npz", "packed")
    compared = 0
    for stream in json.loads((saved / "beats.json").read_text())["streams"]:
        packed = Path("packed") / f"{stream['name']}.hex"
        if stream["direction"] == "input" and stream["beats"]:
            assert packed.read_text() == (saved / stream["hex"]).read_text(), stream["name"]
            assert np.array_equal(np.load(packed.with_suffix(".npy")), np.load(saved / stream["npy"]))
            compared += stream["beats"]
        elif stream["direction"] == "input":
            assert not packed.exists()
    assert compared > 0
    beats("unpack", saved / "operands.npz", saved / "outputs", "-o", "unpacked.npy")
    assert np.array_equal(np.load("unpacked.npy"), c)


def assert_timeline_counts_what_the_report_says(page: str, report: dict[str, Any]) -> None:
    """Cycles by cause are those of the report's buckets, and lanes that multiply nonzeros are its useful MACs."""
    shown = json.loads(
        page.partition('<script type="application/json" id="run">')[2].partition("</script>")[0]
    )
    causes = {cause["name"]: sum(cause["bins"]) for cause in shown["causes"]}
    cycles = report["cycles"]
    assert shown["cycles"] == sum(causes.values()) == cycles["total"]
    assert causes["streaming"] == cycles["streaming"]
    assert causes.get("sums outstanding", 0) == cycles["add"]
    assert sum(shown["useful"]) == report["useful_macs"]
    beats = [entry for track in shown["tracks"] for entry in track["passes"]]
    assert sum(vectors for _, _, vectors, _ in beats) == cycles["streaming"]
    assert f"{cycles['total']:,} cycles" in page


def chosen(parameters: dict[str, Any]) -> list[str]:
    return [word for key, value in parameters.items() for word in ("-p", f"{key}={str(value).lower()}")]


@pytest.mark.parametrize(
    ("engine", "label"),
    [
        pytest.param(engine, label, marks=() if label == "small" else pytest.mark.slow)
        for engine in ENGINES
        for label in ("small", "awkward", "default")
    ],
)
def test_an_engine_answers_every_command(dotforge: Any, tmp_path: Path, engine: str, label: str) -> None:
    """Generate, lint, verify, run, synthesize: one directory, one Verilog, no mismatch."""

    def done(*words: object) -> Any:
        result = dotforge(*words)
        assert result.code == 0, f"dotforge {shlex.join(map(str, words))}: {result.err}"
        return result

    parameters = chosen(configurations(engine)[label])
    done("list", engine)
    done("generate", engine, *parameters, "-o", "made", "--no-simulate")
    manifest = json.loads(Path("made/manifest.json").read_text())
    (verilog,) = Path("made").glob("*.v")
    (waivers,) = Path("made").glob("**/*.vlt")
    verilator = toolchain.verilator()
    lint = [verilator.binary, "--lint-only", "-Wall", waivers, verilog, "--top-module", manifest["top"]]
    linted = subprocess.run(
        list(map(str, lint)), capture_output=True, text=True, check=False, env=verilator.environment
    )
    assert linted.returncode == 0, linted.stderr

    done("verify", "made", "-o", "verified")
    summary = json.loads(Path("verified/summary.json").read_text())
    assert summary["vectors"] > 0
    assert summary["mismatches"] == 0
    assert summary["verilog_sha256"] == manifest["verilog_sha256"]

    if importlib.util.find_spec(f"dotforge_sim.run.{engine}"):
        command = shlex.split(
            done("example", engine, *parameters, "--m", 9, "--k", 40, "--n", 5, "-o", "operands").out
        )[1:]
        done(*command, "--save-beats", "saved", "--timeline", "timeline.html")
        report = json.loads(Path(command[command.index("--json") + 1]).read_text())
        assert report["mismatches"] == 0
        assert report["useful_macs"] > 0
        assert report["verilog_sha256"] == manifest["verilog_sha256"]
        c = np.load(command[command.index("-o") + 1])
        assert c.shape == (9, 5)
        assert_beats_are_those_of_the_module(Path("made"), Path("saved"), c)
        assert_timeline_counts_what_the_report_says(Path("timeline.html").read_text(), report)

    done("synth", "made", "-o", "report.json")
    report = json.loads(Path("report.json").read_text())
    assert report["totals"]["transistors"] > 0
    assert report["verilog_sha256"] == manifest["verilog_sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_tests_itself_on_a_board(dotforge: Any, engine: str) -> None:
    """The self-test of the smallest board that it fits in, simulated."""
    result = dotforge(
        "board", "ulx3s", engine, *chosen(configurations(engine)["small"]), "-o", "board", "--no-build"
    )
    assert result.code == 0, result.err


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engines_bench_needs_no_dotforge(dotforge: Any, engine: str) -> None:
    """`make` in the directory that was generated, on Icarus."""
    if shutil.which("iverilog") is None:
        pytest.skip("skipped: needs iverilog")
    result = dotforge("generate", engine, *chosen(configurations(engine)["small"]), "-o", "made")
    assert result.code == 0, result.err
    made = subprocess.run(
        ["make", "-C", "made/bench", "SIM=icarus"], capture_output=True, text=True, check=False, timeout=1200
    )
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    assert " FAIL=0 " in made.stdout + made.stderr
