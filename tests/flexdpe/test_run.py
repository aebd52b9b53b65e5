"""Whole products on the RTL: exact, and in as many cycles as the model says."""

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from click.testing import CliRunner

from dotforge.cli import cli
from dotforge.export.design import from_parameters
from dotforge_golden.formats import lookup
from dotforge_sim.models import flexdpe as flexdpe_model
from dotforge_sim.run import flexdpe
from dotforge_sim.run.gemm import Design

SMALL: dict[str, Any] = {"lanes": 4}


@cache
def design(*parameters: tuple[str, Any]) -> Design:
    made = from_parameters("flexdpe", dict(parameters))
    return Design(made.verilog, made.manifest)


def operands(seed: int, largest: int, format: str) -> tuple[np.ndarray, np.ndarray]:
    """Return matrices of any shape and of 0 to 99 % zeros."""
    rng = np.random.default_rng(seed)
    m, k, n = rng.integers(1, largest + 1, 3)
    found = []
    for shape in ((m, k), (k, n)):
        if format == "bf16":
            bf16 = lookup("BF16")
            values = bf16.decode(bf16.encode(rng.normal(size=shape) * 2.0 ** rng.integers(-8, 9, shape)))
        else:
            values = rng.integers(-128, 128, shape).astype(float)
        found.append(np.where(rng.random(shape) < rng.uniform(0, 0.99), 0, values))
    return found[0], found[1]


def check(parameters: dict[str, Any], seeds: range, largest: int) -> None:
    """Run products; compare them, and the cycles with those of the model."""
    made = design(*parameters.items())
    for seed in seeds:
        a, b = operands(seed, largest, parameters.get("format", "int8"))
        options = flexdpe.Options(
            stationary=("a", "b", "auto")[seed % 3], regor=("hardware", "given")[seed % 2]
        )
        result = flexdpe.run(made, a, b, options, lambda done, total: None)
        found = result.statistics
        assert result.failure is None, f"seed {seed}: {result.failure}"
        if parameters.get("format") != "bf16":
            assert np.array_equal(result.c, a @ b), f"seed {seed}"
        else:
            assert found["error"]["relative_to_largest"] < 1e-5
        rows, vectors = (a, b.T) if found["stationary"] == "a" else (b.T, a)
        cycles, folds = flexdpe_model.exact(
            made.parameters, rows != 0, vectors != 0, given_regor=options.regor == "given"
        )
        assert found["cycles"] == {
            name: getattr(cycles, name) for name in ("loading", "streaming", "add", "total")
        }, f"seed {seed}"
        assert found["folds"] == folds
        limits = found["limits"]
        assert (limits is None) == (cycles.total == 0)
        assert limits is None or sum(limits["cycles"].values()) == cycles.total
        print(f"seed {seed}: {a.shape} × {b.shape}, {folds} folds, {cycles.total} cycles, exact")


def test_random_products() -> None:
    check(SMALL, range(12), 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"lanes": 4},
        {"lanes": 16},
        {"lanes": 16, "optimize": "none"},
        {"lanes": 32, "optimize": "none", "stationary_bandwidth": 8, "route_engines": 3, "row_buffer": 16},
        {"lanes": 16, "optimize": "none", "format": "bf16"},
    ],
    ids=str,
)
def test_random_products_of_all_sizes(parameters: dict[str, Any]) -> None:
    """Issue's acceptance: 50 products of shapes up to 300."""
    check(parameters, range(50), 300)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"lanes": 4, "control_pipeline": True, "operators": True, "distribution_pipeline": 3},
        {"lanes": 8, "optimize": "none", "host_routes": True, "fold_change": "drain", "adder_pipeline": 2},
        {
            "lanes": 8,
            "optimize": "none",
            "window": 4,
            "row_buffer": 5,
            "route_engines": 2,
            "distribution_pipeline": 7,
        },
        {
            "lanes": 8,
            "optimize": "none",
            "reduction": "linear",
            "distribution_pipeline": 0,
            "multiplier_pipeline": 0,
        },
    ],
    ids=str,
)
def test_cycles_of_other_configurations(parameters: dict[str, Any]) -> None:
    check(parameters, range(40), 40)


def test_files_and_report(tmp_path: Path) -> None:
    """The command: dense and sparse files, empty rows and columns, the metrics of the paper's Table II."""
    rng = np.random.default_rng(3)
    a = np.where(rng.random((7, 9)) < 0.6, 0, rng.integers(-128, 128, (7, 9)))
    b = np.where(rng.random((9, 5)) < 0.3, 0, rng.integers(-128, 128, (9, 5)))
    a[2], a[:, 4], b[:, 1] = 0, 0, 0
    np.save(tmp_path / "a.npy", a)
    scipy.sparse.save_npz(tmp_path / "b.npz", scipy.sparse.csr_matrix(b))
    arguments = ["run", "flexdpe", "--a", f"{tmp_path}/a.npy", "--b", f"{tmp_path}/b.npz", "-p", "lanes=4"]
    arguments += ["--stationary", "a", "-o", f"{tmp_path}/c.npy", "--json", f"{tmp_path}/s.json"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert np.array_equal(np.load(tmp_path / "c.npy"), a @ b)
    report = json.loads((tmp_path / "s.json").read_text())
    useful = int(((a != 0).astype(int) @ (b != 0).astype(int)).sum())
    cycles = report["cycles"]
    assert report["shape"] == {"m": 7, "k": 9, "n": 5}
    assert report["nonzeros"] == {"a": np.count_nonzero(a), "b": np.count_nonzero(b)}
    assert report["useful_macs"] == useful
    assert cycles["total"] == cycles["loading"] + cycles["streaming"] + cycles["add"]
    assert cycles["streaming"] == report["folds"] * 5
    assert report["compute_efficiency"] == pytest.approx(useful / (cycles["streaming"] * 4))
    assert report["overall_efficiency"] == pytest.approx(useful / (cycles["total"] * 4))
    assert 0 < report["stationary_utilisation"] <= 1
    assert report["mismatches"] == 0
    assert report["accumulated_by"] == "harness"


@pytest.mark.parametrize(
    ("a", "b", "warns"),
    [
        (np.eye(9), np.eye(9)[:, :3], False),
        (np.zeros((3, 5)), np.ones((5, 2)), True),
        (np.ones((3, 5)), np.zeros((5, 2)), True),
        (np.array([[-128]]), np.array([[-128]]), True),
        (np.full((9, 13), 127), np.full((13, 3), -128), True),
    ],
    ids=["sparse", "no rows", "no vectors", "1x1", "dense"],
)
def test_extremes(a: np.ndarray, b: np.ndarray, warns: bool) -> None:
    result = flexdpe.run(design(*SMALL.items()), a, b, flexdpe.Options(stationary="a"), lambda *_: None)
    assert result.failure is None
    assert np.array_equal(result.c, a @ b)
    assert any("too dense" in line for line in result.statistics["warnings"]) == warns


def random_bits(rng: np.random.Generator, shape: tuple[int, int], density: float) -> np.ndarray:
    return rng.random(shape) < density


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_estimate(count: int) -> None:
    """Within 1 % of the exact count of other matrices with these densities, but for one, and without a bias.

    That one may be off by what the rounding of its folds can be.
    """
    errors = []
    rng = np.random.default_rng(11)
    parameters = design(*SMALL.items(), ("optimize", "none")).parameters | {
        "lanes": 32,
        "stationary_bandwidth": 16,
    }
    for number in range(count):
        rows, k, vectors = (int(value) for value in rng.integers(150, 400, 3))
        bits = [random_bits(rng, (n, k), rng.uniform(0.05, 1)) for n in (rows, vectors)]
        cycles, folds = flexdpe_model.exact(parameters, bits[0], bits[1])
        densities = bits[0].mean(), bits[1].mean()
        guess, guessed = flexdpe_model.estimate(parameters, (rows, k, vectors), densities, seed=number)
        print(
            f"{rows}×{k}×{vectors} at {densities}: {guess.total} for {cycles.total}, {guessed} for {folds} folds"
        )
        # Each window's last fold is full by chance: three standard deviations of two sums of such roundings.
        rounding = 3 * (2 * -(-k // 32) / 12) ** 0.5 / folds
        assert guess.total == pytest.approx(cycles.total, rel=max(0.01, rounding))
        errors.append(guess.total / cycles.total - 1)
    assert len(errors) == count
    assert sum(abs(error) > 0.01 for error in errors) <= 1
    assert abs(sum(errors)) / count < 0.003


def test_estimate_of_a_large_product() -> None:
    parameters = design(*SMALL.items(), ("optimize", "none")).parameters | {
        "lanes": 128,
        "stationary_bandwidth": 128,
    }
    started = time.process_time()
    cycles, folds = flexdpe_model.estimate(parameters, (10_000, 10_000, 10_000), (0.2, 0.7))
    assert time.process_time() - started < 5
    assert cycles.streaming == folds * 10_000
    assert folds == pytest.approx(0.2 * 10_000**2 / 128, rel=0.01)
