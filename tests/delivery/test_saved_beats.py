"""Saved beats are those of ``dotforge_sim.host``, of every kind of layout, and are one sequence without a reset."""

import importlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from dotforge.export.design import from_parameters
from dotforge.network.distribution.distribution import CROSSBAR_LANES
from dotforge_sim.host import flexdpe as host_flexdpe
from dotforge_sim.run import loop
from dotforge_sim.simulator.recorder import recorded
from dotforge_sim.simulator.streams import Beats, Simulator

from ..commands.conftest import dotforge as dotforge  # noqa: PLC0414 - a fixture

ROUTED = {"lanes": 8, "window": 4, "host_routes": True, "format": "fp16"}
FLUSHED = {"lanes": 4, "format": "bf16", "flush_subnormals": True}
TILED = {
    "engines": 2, "lanes": 4, "groups": 1, "format": "int4", "stationary_bandwidth": 2, "row_bits": 4,
    "index_bits": 6, "accumulator_words": 256,
}  # fmt: skip
HALF = {"rows": 3, "columns": 2, "format": "fp16"}
JOINED = {
    "lanes": 16,
    "join_operands": True,
    "tkeep": True,
    "register_slices": "both",
    "tdata": "power_of_two",
}
LOGARITHMS = {"lanes": 2, "weight_code": "log:2:1", "activation_code": "log:2:1", "log_output": "log:3:2"}


def matrix(random: np.random.Generator, rows: int, columns: int, density: float, *, real: bool) -> np.ndarray:
    values = random.normal(size=(rows, columns)) if real else random.integers(-8, 8, (rows, columns))
    return values * (random.random((rows, columns)) < density)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "parameters", "shape", "options"),
    [
        ("flexdpe", ROUTED, (7, 21, 9), {"quantize": "nearest"}),
        ("flexdpe", {"lanes": 4, "format": "int4"}, (40, 9, 3), {"stationary": "a", "regor": "given"}),
        ("flexdpe", FLUSHED, (5, 30, 6), {"quantize": "nearest"}),
        ("flexdpu", TILED, (70, 13, 130), {"stationary": "b"}),
        ("systolic", HALF, (5, 10, 7), {"quantize": "scaled", "stationary": "a"}),
        ("logmac", LOGARITHMS, (4, 9, 3), {}),
        ("mxdot", {"lanes": 16, "weight_format": "mxint8", "activation_format": "mxint8"}, (3, 70, 4), {}),
        ("mxdot", {"lanes": 8, "weight_format": "nvfp4", "activation_format": "nvfp4"}, (3, 45, 4), {}),
        ("mxdot", JOINED, (3, 70, 4), {}),
        ("logmac", {"lanes": 4, "weight_depth": 4, "fold_sign": True}, (5, 14, 3), {"quantize": "scaled"}),
        ("vsquant", {"lanes": 16, "sparsity": "2:4"}, (4, 70, 3), {"prune": "magnitude"}),
        ("vsquant", {"lanes": 16, "vector": 32, "sparsity": "none"}, (4, 70, 3), {}),
    ],
)
def test_every_layout(
    engine: str,
    parameters: dict[str, Any],
    shape: tuple[int, int, int],
    options: dict[str, str],
    dotforge: Any,
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(sum(shape))
    m, k, n = shape
    real = options.get("quantize") is not None or engine in ("logmac", "mxdot", "vsquant")
    np.save(tmp_path / "A.npy", matrix(random, m, k, 0.7, real=real))
    scipy.sparse.save_npz(tmp_path / "B.npz", scipy.sparse.csr_array(matrix(random, k, n, 0.5, real=real)))
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    chosen = [word for name, value in parameters.items() for word in ("-p", f"{name}={str(value).lower()}")]
    written = ("--save-beats", "saved", "--timeline", "t.html", "--json", "S.json")
    done = dotforge("run", engine, *chosen, "--a", "A.npy", "--b", "B.npz", *words, *written)
    assert done.code == 0, done.err
    saved = json.loads((tmp_path / "saved" / "beats.json").read_text())
    manifest = from_parameters(engine, parameters).manifest
    host: Any = importlib.import_module(f"dotforge_sim.host.{engine}")
    operands = dict(np.load(tmp_path / "saved" / "operands.npz"))
    packed = host.beats(manifest, operands, saved["settings"])
    received = {}
    for stream in saved["streams"]:
        pair = np.load(tmp_path / "saved" / stream["npy"]), np.load(tmp_path / "saved" / stream["tlast_npy"])
        if stream["direction"] == "output":
            received[stream["name"]] = pair
        elif stream["beats"]:
            for found, wanted in zip(packed[stream["name"]], pair, strict=True):
                assert np.array_equal(found, wanted), stream["name"]
    c = host.product(manifest, operands, received, saved["settings"])
    assert np.array_equal(c, np.load(tmp_path / "saved" / "product.npy"))
    shown = (tmp_path / "t.html").read_text().partition('id="run">')[2].partition("</script>")[0]
    assert sum(json.loads(shown)["useful"]) == json.loads((tmp_path / "S.json").read_text())["useful_macs"]


@pytest.mark.slow
def test_runs_of_the_simulator_are_one_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What took three resets gives the same beats without any in between."""
    from dotforge import engine  # noqa: PLC0415

    monkeypatch.setattr(loop, "_PIECE", 20)
    made = engine("logmac", lanes=2, sum_bits=12)
    with recorded() as runs:
        made.run(np.arange(-4, 4).reshape(4, 2), np.ones((2, 6)))
    assert len(runs) > 1
    inputs = {
        name: Beats(
            np.concatenate([run.inputs[name].data for run in runs]),
            None
            if beats.last is None
            else np.concatenate([np.asarray(run.inputs[name].last) for run in runs]),
        )
        for name, beats in runs[0].inputs.items()
    }
    wanted = np.concatenate([run.outputs["sums"].data for run in runs])
    found = Simulator(made.verilog, made.manifest).run(inputs, expect={"sums": len(wanted)})
    assert np.array_equal(found["sums"].data, wanted)


@pytest.mark.slow
def test_the_generated_bench_replays_them(dotforge: Any, tmp_path: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("skipped: needs Icarus")
    small = ("flexdpe", "-p", "lanes=4", "-p", "format=int4")
    random = np.random.default_rng(1)
    for name, size in (("A", (5, 9)), ("B", (9, 6))):
        np.save(tmp_path / f"{name}.npy", matrix(random, *size, 0.6, real=False))
    assert dotforge("generate", *small, "-o", "made", "--no-simulate").code == 0
    assert dotforge("run", "made", "--a", "A.npy", "--b", "B.npy", "--save-beats", "saved").code == 0

    def replayed() -> subprocess.CompletedProcess[str]:
        command = [
            "make",
            "-C",
            "made/bench",
            "vectors",
            "SIM=icarus",
            f"DOTFORGE_VECTORS={tmp_path / 'saved'}",
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)

    done = replayed()
    assert " FAIL=0 " in done.stdout + done.stderr, done.stdout[-2000:]
    wrong = tmp_path / "saved" / "outputs" / "sums.hex"
    lines = wrong.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if int(line, 16) & 0xF)
    lines[at] = f"{int(lines[at], 16) ^ 1:0{len(lines[at])}x}"
    wrong.write_text("\n".join(lines) + "\n")
    done = replayed()
    assert " FAIL=0 " not in done.stdout + done.stderr
    assert "golden" in done.stdout + done.stderr


def test_the_network_that_auto_stands_for_is_the_same_without_dotforge() -> None:
    """The module that packs beats by itself has the limit once more."""
    assert host_flexdpe._CROSSBAR_LANES == CROSSBAR_LANES
