"""``dotforge run mxdot --rule``: a library's bits reach the engine, and options that do not go together are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge_golden.mx import quantise
from dotforge_golden.mx_rules import quantise_by
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.mxdot import Options
from dotforge_sim.run.mxdot_choice import BEST, chosen, quantised

A = np.random.default_rng(2).normal(size=(3, 64))
B = np.random.default_rng(3).laplace(size=(64, 2))


def both(format: str, **options: Any) -> Any:
    parameters = {"weight_format": format, "activation_format": format}
    return quantised(parameters, A, B, Options(**options))


def test_the_default_is_chosen_by_data() -> None:
    for format, rounding in BEST.items():
        (a, b), rules = both(format)
        assert np.array_equal(a.elements, quantise(A, format=format, scale_rounding=rounding).elements)
        assert np.array_equal(b.scales, quantise(B.T, format=format, scale_rounding=rounding).scales)
        assert rules[0] == {"rule": "best", "round_scales": rounding, "unit": "matrix"}
        (ocp, _), _ = both(format, rule="ocp")
        assert np.array_equal(ocp.elements, quantise(A, format=format).elements)


def test_bits_of_a_library() -> None:
    (a, b), rules = both("nvfp4", rule="compressed-tensors")
    wanted = quantise_by(B.T, format="nvfp4", rule="compressed-tensors")
    assert np.array_equal(b.elements, wanted.elements)
    assert np.array_equal(b.scales, wanted.scales)
    assert rules[1]["rule"] == "compressed-tensors"
    (a, _), rules = both("nvfp4", activation_scale=0.01, round_scales="least_error")
    assert np.allclose(a.units, 0.01)
    assert rules[0]["activation_scale"] == 0.01


@pytest.mark.parametrize(
    ("format", "options", "message"),
    [
        ("mxint8", {"rule": "modelopt"}, "--rule modelopt has mxfp8_e4m3, mxfp4, nvfp4, and A is mxint8"),
        ("mxfp4", {"rule": "gfloat", "round_scales": "even"}, "rule gfloat rounds scales by itself"),
        ("nvfp4", {"rule": "modelopt", "weight_unit": "column"}, "has one scale for the matrix"),
        ("mxfp4", {"activation_scale": 1.0}, "mxfp4 has no such scale, nvfp4 has"),
        ("nvfp4", {"activation_scale": -1.0}, "unit is a normal FP32 number above 0"),
        ("mxfp4", {"round_scales": "four_over_six"}, "a search for mxfp4 is one of least_error"),
    ],
)
def test_refusals(format: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError, match=message):
        both(format, **options)


def test_one_run(dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "A.npy", A)
    np.save(tmp_path / "B.npy", B)
    done = dotforge(
        "run",
        "mxdot",
        "-p",
        "lanes=16",
        "--a",
        "A.npy",
        "--b",
        "B.npy",
        "--rule",
        "microxcaling",
        "-o",
        "C.npy",
    )
    assert done.code == 0, done.err
    first, second = (quantise_by(each, format="mxfp4", rule="microxcaling").values() for each in (A, B.T))
    assert np.allclose(np.load(tmp_path / "C.npy"), first @ second.T, rtol=1e-5)
    assert np.array_equal(chosen(A, format="mxfp4", rule="ocp").scales, quantise(A, format="mxfp4").scales)
