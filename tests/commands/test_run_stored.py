"""What ``--save-quantized`` writes is taken back, codes unchanged, by every engine."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ENGINES = {
    "mxdot": (
        ("-p", "weight_format=nvfp4", "-p", "activation_format=nvfp4", "-p", "lanes=16"),
        ("--round-scales", "ceil", "--weight-unit", "column"),
    ),
    "vsquant": (("-p", "lanes=16", "-p", "vector=16"), ("--clipping", "optimum", "--unit", "least_error")),
    "logmac": (("-p", "lanes=4"), ("--quantize", "scaled", "--unit", "least_error")),
    "flexdpe": (("-p", "lanes=4"), ("--quantize", "scaled")),
    "systolic": (("-p", "rows=4", "-p", "columns=2"), ("--quantize", "scaled", "--weight-unit", "matrix")),
}


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_codes_come_back(engine: str, dotforge: Any, tmp_path: Path) -> None:
    parameters, options = ENGINES[engine]
    rng = np.random.default_rng(8)
    np.save(tmp_path / "A.npy", rng.normal(size=(3, 37)))
    np.save(tmp_path / "B.npy", rng.laplace(size=(37, 2)))
    first = dotforge(
        "run", engine, *parameters, *options, "--a", "A.npy", "--b", "B.npy", "-o", "C.npy",
        "--save-quantized", "Q.npz",
    )  # fmt: skip
    assert first.code == 0, first.err
    again = dotforge(
        "run", engine, *parameters, "--a", "Q.npz", "--b", "Q.npz", "-o", "D.npy", "--save-quantized", "R.npz",
        "--json", "S.json",
    )  # fmt: skip
    assert again.code == 0, again.err
    report = json.loads((tmp_path / "S.json").read_text())
    assert (report["mismatches"], report["quantization"]["rules"]["a"]["stored"]) == (0, True)
    assert np.array_equal(np.load(tmp_path / "C.npy"), np.load(tmp_path / "D.npy"))
    with np.load(tmp_path / "Q.npz") as one, np.load(tmp_path / "R.npz") as other:
        assert set(one.files) == set(other.files)
        for name in set(one.files) - {"about"}:
            assert np.array_equal(one[name], other[name]), name
        told = json.loads(str(one["about"]))
        assert told["engine"] == engine
        assert told["b"]["orientation"] == "K×N"
        assert told["a"]["rule"]
    turned = dotforge("run", engine, *parameters, "--a", "Q.npz:b", "--b", "Q.npz:b")
    assert (turned.code, len(turned.err.strip().splitlines())) == (2, 1)
    requantised = dotforge("run", engine, *parameters, *options, "--a", "Q.npz", "--b", "Q.npz")
    assert requantised.code == 2
    assert "is quantised already, its codes run as they are" in requantised.err


def test_other_formats_are_refused(dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "A.npy", np.ones((2, 4)))
    np.save(tmp_path / "B.npy", np.ones((4, 2)))
    saved = dotforge("run", "mxdot", "--a", "A.npy", "--b", "B.npy", "--save-quantized", "Q.npz")
    assert saved.code == 0, saved.err
    for engine, said in (
        ("logmac", "A is quantised already, as mxfp4 (blocks: mxdot), and logmac takes int4 here"),
        ("flexdpe", "flexdpe takes int8 here"),
    ):
        done = dotforge("run", engine, "-p", "lanes=4", "--a", "Q.npz", "--b", "B.npy")
        assert (done.code, said in done.err) == (2, True), done.err
    cut = dotforge("run", "mxdot", "--a", "Q.npz:a[:, 1:3]", "--b", "Q.npz:b[1:3]")
    assert (cut.code, "cuts blocks of 32" in cut.err) == (2, True)
    # One side alone, by name and in part, beside numbers.
    mixed = dotforge("run", "mxdot", "--a", "A.npy", "--b", "Q.npz:b[:, 1:]", "-o", "E.npy")
    assert (mixed.code, np.load(tmp_path / "E.npy").tolist()) == (0, [[4.0], [4.0]]), mixed.err
    estimated = dotforge("estimate", "flexdpe", "-p", "lanes=4", "--a", "Q.npz", "--b", "Q.npz:b")
    assert estimated.code == 0, estimated.err
    with np.load(tmp_path / "Q.npz") as file:
        arrays = dict(file)
    arrays["a_elements"] = arrays["a_elements"] + np.uint8(16)
    np.savez(tmp_path / "R.npz", **arrays)  # type: ignore[arg-type]
    wrong = dotforge("run", "mxdot", "--a", "R.npz", "--b", "B.npy")
    assert (wrong.code, "elements of mxfp4 are 0…15" in wrong.err) == (2, True), wrong.err
