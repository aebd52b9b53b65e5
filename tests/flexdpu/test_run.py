"""Whole products on the RTL: exact, tiled where the accumulator is small, and several in one run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from click.testing import CliRunner

from dotforge.cli import cli
from dotforge.tools.files import OutputError
from dotforge_golden.formats import lookup
from dotforge_sim.models import flexdpu as model
from dotforge_sim.models.cycles import Cycles
from dotforge_sim.run import flexdpu
from dotforge_sim.run.gemm import Design, RunError

from .schedules import built

SMALL: dict[str, Any] = {"engines": 2, "lanes": 4, "groups": 2, "row_bits": 4, "accumulator_words": 64}


def design(**parameters: Any) -> Design:
    return built(tuple(parameters.items()))[0]


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


def counted(made: Design, products: Any, given_regor: bool) -> Cycles:
    """Return what the model says of the tiles of a product, run after run of the simulator."""
    found = Cycles()
    for piece in flexdpu._pieces(products):
        jobs = [tile.job for _, tile in piece if tile.job is not None]
        places = [(job.plan, (job.slot, job.first, job.size)) for job in jobs]
        taken = model.exact(made.parameters, places, given_regor=given_regor)
        total, streamed = taken[-1].last - taken[0].first + 1, sum(one.streamed for one in taken)
        add = taken[-1].last - max(one.accepted for one in taken)
        found.loading += total - streamed - add
        found.streaming += streamed
        found.add += add
    return found


def check(parameters: dict[str, Any], seeds: range, largest: int, patch: pytest.MonkeyPatch) -> None:
    """Random products are exact, of BF16 bit for bit golden's, and take the model's cycles."""
    made = design(**parameters)
    ran: list[tuple[Any, Any]] = []
    simulated = flexdpu._simulated

    def watched(made: Design, shape: Any, products: Any, *more: Any) -> Any:
        found = simulated(made, shape, products, *more)
        ran.append((products, found.cycles[0]))
        return found

    patch.setattr(flexdpu, "_simulated", watched)
    for seed in seeds:
        a, b = operands(seed, largest, parameters.get("format", "int8"))
        options = flexdpu.Options(
            stationary=("a", "b", "auto")[seed % 3], regor=("hardware", "given")[seed % 2]
        )
        result = flexdpu.run(made, a, b, options, lambda done, total: None)
        assert result.failure is None, f"seed {seed}: {result.failure}"
        assert result.statistics["mismatches"] == 0
        if parameters.get("format") != "bf16":
            assert np.array_equal(result.c, a @ b), f"seed {seed}"
        else:
            assert result.statistics["error"]["relative_to_largest"] < 1e-5
        products, cycles = ran.pop()
        assert cycles == counted(made, products, options.regor == "given"), f"seed {seed}"
        told = result.statistics["cycles"]
        assert [told[name] for name in ("loading", "streaming", "add")] == [
            cycles.loading,
            cycles.streaming,
            cycles.add,
        ]
        print(f"seed {seed}: {a.shape} @ {b.shape}, {told['total']} cycles")


def test_random_products(monkeypatch: pytest.MonkeyPatch) -> None:
    check(SMALL, range(8), 30, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["int8", "bf16"])
@pytest.mark.parametrize("engines", [1, 2, 4])
def test_random_products_of_all_sizes(engines: int, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty of shapes up to 300, 0 to 99 % zeros on either side."""
    lanes = {"int8": 16, "bf16": 8}[format]
    first = 100 * engines + (50 if format == "bf16" else 0)
    check({"engines": engines, "lanes": lanes, "format": format}, range(first, first + 5), 300, monkeypatch)


def test_tiles_and_the_metrics_of_the_paper() -> None:
    rng = np.random.default_rng(3)
    a = np.where(rng.random((23, 9)) < 0.4, 0, rng.integers(-128, 128, (23, 9)))
    b = np.where(rng.random((9, 21)) < 0.3, 0, rng.integers(-128, 128, (9, 21)))
    result = flexdpu.run(design(**SMALL), a, b, flexdpu.Options(stationary="a"), lambda *_: None)
    found = result.statistics
    assert np.array_equal(result.c, a @ b)
    # Sixteen words a bank, and twice eight lanes: as many vectors, and a block of four rows.
    assert found["tiles"] == {"count": 6 * 2, "rows": 4, "vectors": 16}
    assert found["elements"]["stationary_reloads"] == pytest.approx(2, rel=0.05)
    cycles = found["cycles"]
    useful = int(((a != 0).astype(int) @ (b != 0).astype(int)).sum())
    assert found["useful_macs"] == useful
    assert cycles["total"] == cycles["loading"] + cycles["streaming"] + cycles["add"]
    assert found["overall_efficiency"] == pytest.approx(useful / (cycles["total"] * 8))
    assert found["accumulated_by"] == "hardware"
    assert len(found["occupancy"]) == 2
    assert all(0 < share <= 1 for share in found["occupancy"])
    assert found["stationary_utilisation"] == pytest.approx(sum(found["occupancy"]) / 2)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.eye(9), np.eye(9)[:, :3]),
        (np.zeros((3, 5)), np.ones((5, 2))),
        (np.ones((3, 5)), np.zeros((5, 2))),
        (np.array([[-128]]), np.array([[-128]])),
        (np.hstack([np.eye(3), np.zeros((3, 3))]), np.vstack([np.zeros((3, 3)), np.eye(3)])),
    ],
    ids=["sparse", "no rows", "no vectors", "1x1", "nothing meets"],
)
def test_extremes(a: np.ndarray, b: np.ndarray) -> None:
    result = flexdpu.run(design(**SMALL), a, b, flexdpu.Options(stationary="a"), lambda *_: None)
    assert result.failure is None
    assert np.array_equal(result.c, a @ b)


def test_several_products_in_one_run(tmp_path: Path) -> None:
    """The command: each on Flex-DPEs of its own, at the same time, and each written where it was asked for."""
    rng = np.random.default_rng(5)
    names = []
    for number in range(3):
        a = np.where(rng.random((12, 16)) < 0.5, 0, rng.integers(-128, 128, (12, 16)))
        b = np.where(rng.random((16, 10)) < 0.5, 0, rng.integers(-128, 128, (16, 10)))
        np.save(tmp_path / f"a{number}.npy", a)
        np.save(tmp_path / f"b{number}.npy", b)
        names.append({name: f"{tmp_path}/{name}{number}.npy" for name in "abc"})
    (tmp_path / "jobs.json").write_text(json.dumps(names[1:]))
    arguments = ["run", "flexdpu", "--a", names[0]["a"], "--b", names[0]["b"], "-o", names[0]["c"]]
    arguments += ["--jobs", f"{tmp_path}/jobs.json", "--json", f"{tmp_path}/s.json"]
    arguments += [word for key, value in SMALL.items() for word in ("-p", f"{key}={value}")]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    for each in names:
        assert np.array_equal(np.load(each["c"]), np.load(each["a"]) @ np.load(each["b"]))
    report = json.loads((tmp_path / "s.json").read_text())
    assert report["group"] == {"first": 0, "engines": 1}
    assert [job["group"]["first"] for job in report["jobs"]] == [1, 1]
    assert all(job["mismatches"] == 0 and job["folds"] > 0 for job in report["jobs"])
    alone = report["cycles"]["total"] + report["jobs"][0]["cycles"]["total"]
    assert report["simulation"]["cycles"] < alone + report["jobs"][1]["cycles"]["total"]


def test_results_of_jobs_are_results_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of an earlier run stays where this one fails; none lies where ``-o`` does; ``.npz`` is sparse."""
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.eye(4))
    np.save("b.npy", np.diag([1, 2, 0, 4]))
    arguments = ["run", "flexdpu", "--a", "a.npy", "--b", "b.npy", "-o", "c.npy", "--jobs", "jobs.json"]
    arguments += [word for key, value in SMALL.items() for word in ("-p", f"{key}={value}")]

    def run(**job: Any) -> Any:
        Path("jobs.json").write_text(json.dumps([{"a": "a.npy", "b": "b.npy", **job}]))
        return CliRunner().invoke(cli, arguments)

    done = run(c="d.npz")
    assert done.exit_code == 0, done.output
    assert np.array_equal(scipy.sparse.load_npz("d.npz").toarray(), np.load("b.npy"))
    assert {each.name for each in tmp_path.iterdir()} == {"a.npy", "b.npy", "c.npy", "d.npz", "jobs.json"}
    done = run(c="c.npy")
    assert done.exit_code != 0
    assert isinstance(done.exception, OutputError)
    assert Path("c.npy").is_file()
    np.save("long.npy", np.ones((5, 2)))
    done = run(b="long.npy", c="d.npz")
    assert isinstance(done.exception, RunError)
    assert not Path("d.npz").exists()
    assert not Path("c.npy").exists()


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ("{}", "a list of objects"),
        ("[", "not JSON"),
        ('[{"a": "x.npy"}]', "b is missing"),
        ('[{"a": "x.npy", "b": "x.npy", "size": 1}]', "unknown size"),
        ('[{"a": "x.npy", "b": "x.npy", "engines": 3}]', "engines 3: allowed 1…2"),
        ('[{"a": "x.npy", "b": "x.npy", "engines": 2, "first": 1}]', "first 1: allowed 0…0"),
        ('[{"a": "x.npy", "b": "x.npy", "engines": true}]', "engines True: allowed 1…2"),
        ('[{"a": "x.npy", "b": "x.npy", "slot": false}]', "slot False: allowed 0…1"),
        ('[{"a": "x.npy", "b": "x.npy"}]', "jobs.json, job 0: A: x.npy does not exist"),
        ('[{"a": 5, "b": "x.npy"}]', "a 5: allowed is the name of a file"),
        ('[{"a": "x.npy", "b": "x.npy", "c": null}]', "c None: allowed is the name of a file"),
        ('[{"a": "x.npy", "b": "x.npy", "c": "x\\u0000"}]', "allowed is the name of a file"),
        ('[{"a": "x.npy", "b": "x.npy", "c": "nowhere/c.npy"}]', "its directory does not exist"),
        ('[{"a": "x.npy", "b": "x.npy", "c": "."}]', "is a directory"),
        ('[{"a": "x.npy", "b": "x.npy", "c": "jobs.json"}]', "read or write it as something else"),
        ('[{"a": "x.npy", "b": "y.npy", "c": "y.npy"}]', "read or write it as something else"),
        ("[" * 20_000, "not JSON"),
    ],
)
def test_jobs_that_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "jobs.json"
    path.write_text(jobs)
    options = flexdpu.Options(jobs=str(path))
    with pytest.raises(RunError, match=said):
        flexdpu.run(design(**SMALL), np.eye(3), np.eye(3), options, lambda *_: None)


def test_a_group_that_is_not_there() -> None:
    with pytest.raises(RunError, match="--engines 3: allowed 0…2"):
        flexdpu.run(design(**SMALL), np.eye(3), np.eye(3), flexdpu.Options(engines=3), lambda *_: None)
