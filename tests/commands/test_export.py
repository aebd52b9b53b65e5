"""``dotforge export``: from numbers or codes to a library's layout, and back into the engine, codes unchanged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge_golden.mx_rules import quantise_by
from dotforge_sim.run.operands import Stored, load_operand


@pytest.mark.parametrize("layout", ["torchao", "compressed-tensors", "modelopt", "onnx"])
def test_layouts(layout: str, dotforge: Any, tmp_path: Path) -> None:
    weight = np.random.default_rng(5).normal(size=(8, 64))
    np.save(tmp_path / "w.npy", weight)
    suffix = "onnx" if layout == "onnx" else "safetensors"
    first = f"a.{suffix}"
    done = dotforge(
        "export",
        "w.npy",
        "--format",
        "nvfp4",
        "--rule",
        "modelopt",
        "--layout",
        layout,
        "--name",
        "l.w",
        "-o",
        first,
    )
    assert done.code == 0, done.err
    wanted = quantise_by(weight, format="nvfp4", rule="modelopt")
    found = load_operand(f"{first}:l.w", "A")
    assert isinstance(found, Stored)
    assert np.array_equal(found.elements, wanted.elements)
    # From one layout to another.
    again = dotforge("export", f"{first}:l.w", "--layout", "modelopt", "--name", "x", "-o", "b.safetensors")
    assert again.code == 0, again.err
    other = load_operand("b.safetensors:x", "A")
    assert isinstance(other, Stored)
    assert np.array_equal(other.elements, wanted.elements)
    assert np.array_equal(np.asarray(other.scales), wanted.scales)


def test_codes_of_a_checkpoint_run(dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.random.default_rng(5).normal(size=(2, 64)))
    np.save(tmp_path / "A.npy", np.random.default_rng(6).normal(size=(3, 64)))
    made = dotforge(
        "export", "w.npy", "--format", "mxfp4", "--layout", "compressed-tensors", "-o", "w.safetensors"
    )
    assert made.code == 0, made.err
    done = dotforge(
        "run", "mxdot", "-p", "lanes=16", "--a", "A.npy", "--b", "w.safetensors:weight.T", "-o", "C.npy",
        "--save-quantized", "Q.npz",
    )  # fmt: skip
    assert done.code == 0, done.err
    stored = load_operand("w.safetensors:weight.T", "B")
    assert isinstance(stored, Stored)
    with np.load(tmp_path / "Q.npz") as saved:
        assert np.array_equal(saved["b_elements"].T, stored.elements)
    out = dotforge("export", "Q.npz:b", "--layout", "torchao", "-o", "t.safetensors")
    assert out.code == 0, out.err
    back = load_operand("t.safetensors:weight.T", "B")
    assert isinstance(back, Stored)
    assert np.array_equal(back.elements, stored.elements)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("w.npy", "--layout", "torchao"), "w.npy is not quantised: --format quantises it"),
        (("w.npy", "--layout", "torchao", "--format", "mxint8"), "layout torchao has mxfp8_e4m3"),
        (("w.npy", "--layout", "torchao", "--rule", "ocp"), "--rule goes with --format"),
        (("w.npy", "--layout", "torchao", "--format", "mxfp5"), "--format mxfp5: allowed are mxint8"),
        (
            ("w.npy", "--layout", "torchao", "--format", "mxfp4", "--rule", "mine"),
            "--rule mine: allowed are best, ocp",
        ),
        (("x.npy", "--layout", "torchao"), "x.npy does not exist"),
    ],
)
def test_refusals(arguments: tuple[str, ...], message: str, dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.ones((2, 64)))
    done = dotforge("export", *arguments, "-o", "out.safetensors")
    assert (done.code, message in done.err) == (2, True), done.err
    assert not (tmp_path / "out.safetensors").exists()
